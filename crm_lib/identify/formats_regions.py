"""Names and codes of China's provinces and prefecture-level divisions (GB/T 2260)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from crm_lib.identify._cells import Cells, spread_fields

if TYPE_CHECKING:
    import pandas as pd

_ENDING = re.compile(
    r"(?:(?:壮|回|维吾尔|藏|朝鲜|土家|苗|羌|彝|布依|侗|哈尼|傣|白|景颇|傈僳|蒙古|哈萨克|柯尔克孜|黎|满)族?)*自治[州县]\Z"
    r"|(?:市|地区|盟|林区|特别行政区)\Z"
)


class Region(NamedTuple):
    """A province or a division: its six-digit code, full name and the full name of its province."""

    code: str
    name: str
    province: str


@cache
def _load() -> tuple[dict[str, tuple[Region, str]], dict[str, tuple[Region, str]]]:
    """Return provinces and cities by every way to write them, with the form of that writing."""
    text = (resources.files("crm_lib.identify") / "regions.toml").read_text("utf-8")
    provinces: dict[str, tuple[Region, str]] = {}
    cities: dict[str, tuple[Region, str]] = {}
    for body in tomllib.loads(text)["province"]:
        own = Region(body["code"] + "0000", body["name"], body["name"])
        forms = {"code": own.code, "letter": body["letter"], "short": body["short"], "full": own.name}
        provinces |= {body["code"]: (own, "code")} | {word: (own, form) for form, word in forms.items()}
        found = [(c[:2] + "00", c[2:]) for c in body["cities"]]
        found += [(c[:4], c[4:]) for c in body.get("direct", ())]
        for digits, name in found:
            city = Region(body["code"] + digits, name, own.name)
            cities |= {city.code: (city, "code"), shorten_city(name): (city, "short"), name: (city, "full")}
    return provinces, cities


def shorten_city(name: str) -> str:
    """Return a division's name without its kind: 杭州市 is 杭州, 延边朝鲜族自治州 is 延边."""
    short = _ENDING.sub("", name)
    return short if len(short) >= 2 else name


def list_regions() -> pd.DataFrame:
    """List the provinces and their divisions.

    Returns
    -------
    DataFrame
        One row per division (level province, prefecture or direct), by code: code (GB/T 2260,
        six digits), name, province, level.

    Notes
    -----
    34 provinces, 333 divisions of prefecture level, the four municipalities and the two special
    regions as a division of their own, and the county-level divisions that stand directly under
    a province; state of 2024.

    Examples
    --------
    >>> regions = list_regions()
    >>> int((regions["level"] == "province").sum()), regions.loc[regions["code"] == "330100", "name"].item()
    (34, '杭州市')
    """
    import pandas as pd

    provinces, cities = _load()
    rows = {r for r, _ in provinces.values()} | {r for r, _ in cities.values()}
    out = pd.DataFrame(sorted(rows), columns=list(Region._fields)).drop_duplicates("code")
    level = out["code"].map(
        lambda c: "direct" if c[2:4] == "90" else "prefecture" if c[2:4] != "00" else "province"
    )
    return out.assign(level=level).reset_index(drop=True)


def read_province(text: str) -> tuple[str, str, str]:
    """Return name, code and form (full, short, letter, code, unknown) of a province's half-width text."""
    found = _load()[0].get(re.sub(r"\s", "", text))
    return (found[0].name, found[0].code, found[1]) if found else ("", "", "unknown")


def read_city(text: str) -> tuple[str, str, str, str]:
    """Return name, code, form and province of a city's half-width text; 浙江省杭州市 is read too."""
    text = re.sub(r"\s", "", text)
    provinces, cities = _load()
    found = cities.get(text)
    if found is None:
        parts = (text[k:] for k in range(2, min(len(text) - 1, 9)) if text[:k] in provinces)
        found = next((cities[p] for p in parts if p in cities), None)
        found = (found[0], "joined") if found else None
    return (found[0].name, found[0].code, found[1], found[0].province) if found else ("", "", "unknown", "")


def find_region(province: pd.Series | None, city: pd.Series | None = None) -> pd.DataFrame:
    """Find provinces and cities by name, short name or code.

    Parameters
    ----------
    province, city : Series, optional
        One cell per row, with the same index; one of the two may be left out.

    Returns
    -------
    DataFrame
        province_name (in full), province_code, province_form (full, short, letter, code, unknown, or
        empty where nothing stands), city_name, city_code, city_form (also joined), city_province (the
        province the city lies in), agrees (whether city and province belong together; missing
        where one of them is not known).

    Notes
    -----
    A name that is not in the table is *unknown*, not wrong: counties, foreign towns and old names
    are not in it.

    Examples
    --------
    >>> import pandas as pd
    >>> out = find_region(pd.Series(["粤", "浙江省", ""]), pd.Series(["深圳", "苏州市", "杭州市"]))
    >>> out[["province_name", "city_name", "city_province"]].values.tolist()
    [['广东省', '深圳市', '广东省'], ['浙江省', '苏州市', '江苏省'], ['', '杭州市', '浙江省']]
    >>> out["agrees"].tolist()
    [True, False, <NA>]
    """
    import pandas as pd

    parts = []
    if province is not None:
        names = ("province_name", "province_code", "province_form")
        parts.append(_find(province, "province", read_province, names))
    if city is not None:
        names = ("city_name", "city_code", "city_form", "city_province")
        parts.append(_find(city, "city", read_city, names))
    out = pd.concat(parts, axis=1) if parts else pd.DataFrame()
    if len(parts) == 2:
        known = (out["province_name"] != "") & (out["city_province"] != "")
        same = pd.Series(out["province_name"] == out["city_province"], dtype="boolean")
        out["agrees"] = same.where(known)
    return out


def _find(values: pd.Series, name: str, read: object, names: tuple[str, ...]) -> pd.DataFrame:
    cells = Cells(values, name)
    rows = [read(t) if ok else None for t, ok in zip(cells.half, cells.filled.tolist(), strict=True)]
    return spread_fields(values, cells, rows, dict.fromkeys(names, "str"))
