"""Parquet files that come out the same byte for byte, written chunk by chunk."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

ROWS_PER_GROUP = 1_000_000


class TableFolder:
    """A folder of Parquet files, one per table; each call of `write` adds a row group."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.n_rows: dict[str, int] = {}
        self._open: dict[str, pq.ParquetWriter] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, table: pa.Table) -> None:
        """Append `table` to the file of that name."""
        import pyarrow.parquet as pq

        if name not in self._open:
            self._open[name] = pq.ParquetWriter(
                self.folder / f"{name}.parquet", table.schema, compression="zstd", compression_level=3,
                version="2.6", data_page_version="1.0", write_statistics=True,
            )  # fmt: skip
            self.n_rows[name] = 0
        self.n_rows[name] += len(table)
        if len(table):
            # one chunk per column: page limits must not depend on how the table was put together
            self._open[name].write_table(table.combine_chunks(), row_group_size=ROWS_PER_GROUP)

    def __enter__(self) -> TableFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for writer in self._open.values():
            writer.close()
