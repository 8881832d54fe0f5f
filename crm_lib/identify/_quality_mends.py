"""Repairs of single cells that are certain: the same thing written the one way, never another thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crm_lib.identify._quality_forms import describe_column
from crm_lib.identify._values import OK, tidy_text

if TYPE_CHECKING:
    import numpy as np

    from crm_lib.identify._quality_table import QualityTable, Setting

_WIDE = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_MONEY = re.compile(r"([+-]?)¥?([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,4})?(?:元)?\Z")
_WRITERS = {
    "iso": "{0:04}-{1:02}-{2:02}",
    "slash": "{0}/{1}/{2}",
    "dot": "{0}.{1}.{2}",
    "chinese": "{0}年{1}月{2}日",
    "compact": "{0:04}{1:02}{2:02}",
}

WRITTEN_FORMS = tuple(_WRITERS)


def mend_cells(
    table: QualityTable, column: str, form: str, wanted: np.ndarray, setting: Setting
) -> list[str | None]:
    """Return the mended text of each distinct cell marked `wanted`, or None where no repair is certain."""
    out: list[str | None] = [None] * len(wanted)
    if form in ("phone", "name"):
        fields = describe_column(table, column, form, setting)
        good = fields["is_possible"]
        shown = fields["number" if form == "phone" else "name"]
        for k in _places(wanted & good):
            out[k] = str(shown[k])
        return out
    cells, mend = table.cells(column), _MENDS.get(form)
    if mend is not None:
        for k in _places(wanted):
            if isinstance(cells.raw[k], str):
                out[k] = mend(cells.texts[k], cells.half[k])
    return out


def _places(mask: np.ndarray) -> list[int]:
    return mask.nonzero()[0].tolist()


def _mend_id(text: str, half: str) -> str | None:
    return half if not re.search(r"\d[eE]\+\d+\Z", half) else None


def _mend_text(text: str, _half: str) -> str | None:
    return tidy_text(text.translate(_WIDE))


def _mend_email(text: str, half: str) -> str | None:
    """Take away what surrounds an address and make it half-width; what is no address then stays."""
    return half if half != text and re.fullmatch(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,24}", half) else None


def _mend_number(_text: str, half: str) -> str | None:
    """Take away the yuan sign and the separators of thousands, where these can be nothing else."""
    found = _MONEY.match(half.replace(" ", ""))
    if not found or (found[1] and found[2]):
        return None
    if "," in found[3] and not (found[4] or "¥" in half or "元" in half):
        return None  # 1,234 may be a decimal comma
    return found[1] + found[2] + found[3].replace(",", "") + (found[4] or "")


def _mend_province(_text: str, half: str) -> str | None:
    from crm_lib.identify.formats_regions import read_province

    return read_province(half)[0] or None


_MENDS = {
    "id": _mend_id,
    "text": _mend_text,
    "email": _mend_email,
    "number": _mend_number,
    "province": _mend_province,
}


def mend_dates(table: QualityTable, column: str) -> list[dict[str, str]]:
    """Return, per way to write dates, the text of each distinct cell whose day the writing itself tells.

    The answer is a list over the distinct cells; the register decides which way is wanted.
    """
    import numpy as np

    cells, read = table.cells(column), table.days(column)
    _, told = table.date_forms(column)
    sure = told & (read.state == OK)
    out: list[dict[str, str]] = [{} for _ in told]
    for k in _places(sure):
        if isinstance(cells.raw[k], str):
            moment = read.values[k].astype("datetime64[s]").astype(object)
            n_marks = cells.half[k].count(":")
            clock = ("", f" {moment:%H:%M}", f" {moment:%H:%M:%S}")[min(n_marks, 2)]
            has_fraction = read.values[k] != np.datetime64(moment, "us")
            if not has_fraction:
                out[k] = {
                    name: form.format(moment.year, moment.month, moment.day) + clock
                    for name, form in _WRITERS.items()
                }
    return out


def mend_city(table: QualityTable, column: str, wanted: np.ndarray) -> np.ndarray:
    """Return the full name of the city per row of `wanted`, or empty text where it is not certain.

    A short name that is a province's too (吉林, 海南) is no certain city, nor is one that does not
    lie in the province beside it.
    """
    import numpy as np

    from crm_lib.identify.formats_regions import find_region, read_province

    out = np.full(len(table), "", dtype=object)
    province = table.raw["province"] if table.has("province") else None
    found = find_region(province, table.raw[column])
    half = np.array([*table.cells(column).half, ""], dtype=object)[table.cells(column).codes]
    rows = wanted & (found["city_name"] != "").to_numpy()
    if province is not None:
        rows &= found["agrees"].fillna(False).to_numpy(dtype=bool)
    for k in _places(rows):
        if read_province(half[k])[2] == "unknown":
            out[k] = found["city_name"].iloc[k]
    return out


def fill_provinces(table: QualityTable) -> np.ndarray:
    """Return the province of the city beside an empty province, per row; empty text where it is not certain."""
    import numpy as np

    from crm_lib.identify.formats_regions import find_region

    if not (table.has("province") and table.has("city")):
        return np.full(len(table), "", dtype=object)
    found = find_region(None, table.raw["city"])
    sure = (found["city_form"] == "full").to_numpy() & ~table.cells("province").row_filled
    return np.where(sure, found["city_province"].to_numpy(dtype=object), "")
