"""Spoilt files: whatever bytes are changed, reading gives a table or one sentence, and no row vanishes unsaid."""

from __future__ import annotations

import io
import random
import re
import warnings

import pytest

from crm_lib.errors import CrmError, CrmWarning
from crm_lib.identify import clean_table
from crm_lib.readwrite import read_table

N_MUTATIONS = 5000
N_ROWS = 40
KINDS = ("flip", "delete", "insert", "truncate", "splice")


def list_lines():
    lines = [["订单编号", "行号", "客户编号", "下单时间", "商品名称", "数量", "实付金额"]]
    names = ("连衣裙", "抱枕", "台灯", "汤锅")
    for k in range(N_ROWS):
        at = f"2024-{1 + k % 12:02}-{1 + k % 28:02} 10:{k % 60:02}:00"
        lines.append([f"D{k:05}", "1", f"S{k % 9:04}", at, names[k % 4], str(1 + k % 3), f"{10 + 3 * k}.50"])
    return lines


def as_text():
    return "".join(",".join(line) + "\r\n" for line in list_lines())


def as_workbook():
    import openpyxl

    book = openpyxl.Workbook()
    for line in list_lines():
        book.active.append([line[0], int(line[1]), *line[2:5], int(line[5]), float(line[6])]
                           if line[1].isdigit() else line)  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


INPUTS = {
    "utf8.csv": lambda: as_text().encode("utf-8"),
    "bom.csv": lambda: as_text().encode("utf-8-sig"),
    "gb18030.csv": lambda: as_text().encode("gb18030"),
    "book.xlsx": as_workbook,
}


def mutate(good, rng):
    """Change one to four places of `good`; return the bytes and the kinds of change."""
    data, kinds = bytearray(good), []
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        kind = rng.choice(KINDS)
        kinds.append(kind)
        at = rng.randrange(len(data)) if data else 0
        size = rng.choice((1, 1, 2, 8, 64))
        if kind == "flip" and data:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == "delete":
            del data[at : at + size]
        elif kind == "insert":
            data[at:at] = bytes(
                rng.choice((0, 9, 10, 13, 34, 44, 59, 255, rng.randrange(256))) for _ in range(size)
            )
        elif kind == "truncate":
            del data[at:]
        elif data:
            start = rng.randrange(len(good))
            data[at : at + size] = good[start : start + size]
    return bytes(data), kinds


def count_data_lines(data):
    """Count, without our reader, the non-empty lines below the header: the least and the most there can be.

    A quotation mark may join lines, and a stray end of line may part them; without either the number is exact.
    """
    lines = [line for line in re.split(rb"\r\n|\n|\r", data) if line.strip(b"\xef\xbb\xbf \t")]
    odd = b'"' in data or b"\x00" in data
    return (0 if odd else max(len(lines) - 1, 0)), len(lines)


def count_told(raw):
    """Count the lines above the header that reading names as no data."""
    return sum(note["n"] for note in raw.attrs["source"]["notes"] if note["kind"] == "title_rows")


def try_read(path):
    """Return n rows read and the account of them, or the sentence of the refusal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", CrmWarning)
            raw = read_table(path, "orders")
            cleaned = clean_table(raw, "orders")
    except CrmError as error:
        return None, None, str(error)
    return raw, cleaned, ""


@pytest.mark.slow
@pytest.mark.parametrize("name", INPUTS)
def test_mutated_bytes_give_a_table_or_a_sentence(tmp_path, name):
    good, rng = INPUTS[name](), random.Random(f"mutations of {name}")
    seen = {"table": 0, "sentence": 0}
    for k in range(N_MUTATIONS // len(INPUTS)):
        data, kinds = mutate(good, rng)
        path = tmp_path / name
        path.write_bytes(data)
        what = f"{name}, mutation {k} ({', '.join(kinds)})"
        try:
            raw, cleaned, sentence = try_read(path)
        except BaseException as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
        if raw is None:
            seen["sentence"] += 1
            assert sentence, what
            assert "\n" not in sentence, what
            assert len(sentence) < 1000, what
            continue
        seen["table"] += 1
        assert cleaned.n_in == len(raw), what
        rows = sorted([
            *cleaned.rows["source_row"],
            *cleaned.merged["source_row"],
            *cleaned.quarantine["source_row"],
        ])
        assert rows == sorted(raw["source_row"]), what
        if name.endswith(".csv"):
            least, most = count_data_lines(data)
            assert least <= len(raw) + count_told(raw) <= most, (what, len(raw), least, most)
    print(f"{name}: {seen['table']} tables, {seen['sentence']} sentences")
    assert min(seen.values()) > 0


@pytest.mark.parametrize("name", INPUTS)
def test_the_unspoilt_file_gives_every_row(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(INPUTS[name]())
    raw, cleaned, _ = try_read(path)
    assert len(raw) == N_ROWS
    assert len(cleaned.rows) == N_ROWS


def test_the_counter_of_lines_is_right():
    assert count_data_lines(as_text().encode("utf-8")) == (N_ROWS, N_ROWS + 1)
    assert count_data_lines(b"a,b\n1,2\n\n3,4") == (2, 3)
    assert count_data_lines(b'a,b\n"1\n2",2\n')[0] == 0


def test_a_workbook_whose_offsets_point_before_its_begin_is_refused_in_a_sentence(tmp_path):
    """Without its table of contents it is a bare archive; one byte less, and its first part would begin at -1."""
    data = as_workbook()
    at = data.rindex(b"[Content_Types].xml")
    path = tmp_path / "book.xlsx"
    path.write_bytes(data[:40] + data[41:at] + b"(" + data[at + 1 :])
    raw, _, sentence = try_read(path)
    assert raw is None
    assert "book.xlsx" in sentence
    assert "cannot be unpacked" in sentence
