"""What a backup is made of: one sealed file with every table, and a note beside it that needs no key."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.errors import CrmError, StoreError
from crm_lib.protect.files import write_aside

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from crm_lib.protect import Cipher

FORMAT = 1
ENDING = ".crmbackup"
_NAME = re.compile(r"^crm-(\d{8}T\d{6})-([0-9a-f]{8})(?:-(\d+))?\.crmbackup$")
_MANIFEST = "manifest.json"
# zip files carry a date; this one says nothing
_NO_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Backup:
    """One backup: where it lies, and what its note says of it.

    `checksums` has one row a table (table, n_rows, sha256); `off_site` and `restored` are the noted copies
    and restores, oldest first.
    """

    path: Path
    at: str
    sha256: str | None
    n_bytes: int
    key_id: str
    checksums: pd.DataFrame
    off_site: tuple[dict[str, Any], ...] = ()
    restored: tuple[dict[str, Any], ...] = ()


def name_backup(folder: Path, at: dt.datetime, key_id: str) -> Path:
    """Return the path of a backup of this moment that does not exist yet."""
    stem = f"crm-{at:%Y%m%dT%H%M%S}-{key_id}"
    path, number = folder / f"{stem}{ENDING}", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}{ENDING}", number + 1
    return path


def find_backups(folder: str | Path) -> list[Path]:
    """Return the files of a folder that bear the name of a backup, oldest first."""
    found = [p for p in Path(folder).iterdir() if _NAME.match(p.name)] if Path(folder).is_dir() else []
    return sorted(found, key=_order)


def _order(path: Path) -> tuple[str, int, str]:
    hit = _NAME.match(path.name)
    assert hit is not None
    return hit[1], int(hit[3] or 1), hit[2]


def hash_file(path: str | Path) -> str:
    """Return the SHA-256 of a file as it lies on the disk."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack_tables(
    cipher: Cipher, path: Path, tables: dict[str, pa.Table], manifest: dict[str, Any]
) -> tuple[str, int]:
    """Write one sealed file with every table and the manifest; return its SHA-256 and length.

    The file appears under its name only when it is whole and on the disk.
    """
    import pyarrow.parquet as pq

    plain, sums = io.BytesIO(), {}
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as box:
        for name, table in tables.items():
            written = io.BytesIO()
            pq.write_table(table, written, compression="zstd")
            sums[name] = hashlib.sha256(written.getbuffer()).hexdigest()
            box.writestr(zipfile.ZipInfo(f"{name}.parquet", _NO_DATE), written.getvalue())
        content = {"format": FORMAT, **manifest, "parquet_sha256": sums}
        text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
        box.writestr(zipfile.ZipInfo(_MANIFEST, _NO_DATE), text.encode())
    plain.seek(0)
    with write_aside(path) as target:
        cipher.seal_stream(plain, target)
    return hash_file(path), path.stat().st_size


def unpack_tables(cipher: Cipher, path: Path) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Open a sealed backup; return its tables and its manifest, each held against its checksum.

    Raises
    ------
    StoreError
        When the file is damaged, not a backup, of another key, or of a newer library.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open(path, "rb") as file:
            plain = io.BytesIO(b"".join(cipher.open_stream(file)))
        with zipfile.ZipFile(plain) as box:
            manifest = json.loads(box.read(_MANIFEST))
            _check_format(path, manifest)
            tables = {}
            for name, sha256 in manifest["parquet_sha256"].items():
                content = box.read(f"{name}.parquet")
                if hashlib.sha256(content).hexdigest() != sha256:
                    raise StoreError(
                        f"restore: table {name!r} of {path.name!r} is not what its manifest says. "
                        "Take another backup."
                    )
                tables[name] = pq.read_table(io.BytesIO(content))
    except CrmError as fault:
        raise StoreError(f"restore: {path.name!r} is no whole backup. {fault}") from None
    except OSError as fault:
        raise StoreError(
            f"restore: {path.name!r} cannot be read ({fault.strerror}). Check the path."
        ) from None
    except (zipfile.BadZipFile, KeyError, ValueError, pa.ArrowException):
        raise StoreError(
            f"restore: {path.name!r} is sealed with this key but holds no backup. Choose a file of back_up."
        ) from None
    return tables, manifest


def _check_format(path: Path, manifest: dict[str, Any]) -> None:
    if manifest["format"] > FORMAT:
        raise StoreError(
            f"restore: {path.name!r} was made by a newer library (format {manifest['format']}; this one knows "
            f"{FORMAT}). Install the newer library."
        )


def name_note(path: Path) -> Path:
    """Return where the note of a backup lies: beside it."""
    return path.with_name(f"{path.name}.json")


def write_note(backup: Backup) -> None:
    """Write what may be known of a backup without its key beside it."""
    note = {
        "name": backup.path.name,
        "at": backup.at,
        "sha256": backup.sha256,
        "n_bytes": backup.n_bytes,
        "key_id": backup.key_id,
        "checksums": backup.checksums.to_dict("records"),
        "off_site": list(backup.off_site),
        "restored": list(backup.restored),
    }
    with write_aside(name_note(backup.path)) as file:
        file.write((json.dumps(note, ensure_ascii=False, indent=1) + "\n").encode())


def read_backup(path: str | Path) -> Backup:
    """Return what is known of a backup without its key; without a note its checksum is unknown.

    Parameters
    ----------
    path : str or Path
        The file, as `back_up` named it.

    Returns
    -------
    Backup
        What its name and the note beside it say.

    Raises
    ------
    StoreError
        When there is no such file, or its name is not one that `back_up` gives.
    """
    import pandas as pd

    path = Path(path)
    hit = _NAME.match(path.name)
    if hit is None or not path.is_file():
        raise StoreError(
            f"read_backup: {path.name!r} must be a backup, a file like crm-20240301T080000-1a2b3c4d{ENDING}; "
            "it is none or not there. list_backups(folder) shows what there is."
        )
    try:
        note = json.loads(name_note(path).read_text(encoding="utf-8"))
        sums = pd.DataFrame(note["checksums"], columns=["table", "n_rows", "sha256"])
        past = (tuple(note["off_site"]), tuple(note["restored"]))
        sha256, at = str(note["sha256"]), str(note["at"])
    except (OSError, ValueError, KeyError, TypeError):
        sums, past = pd.DataFrame(columns=["table", "n_rows", "sha256"]), ((), ())
        sha256, at = None, str(dt.datetime.strptime(hit[1], "%Y%m%dT%H%M%S"))
    return Backup(path, at, sha256, path.stat().st_size, hit[2], sums, *past)
