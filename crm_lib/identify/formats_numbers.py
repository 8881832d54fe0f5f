"""Check identity numbers of persons and unified social credit codes of firms."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra
from crm_lib.identify._cells import Cells, read_each, take_rows

if TYPE_CHECKING:
    import pandas as pd

_IDENTITY = {
    "number": "str", "is_possible": "bool", "is_valid": "bool", "fault": "str",
    "birth_date": "date", "gender": "str", "province_code": "str",
}  # fmt: skip
_CREDIT = {"code": "str", "is_possible": "bool", "is_valid": "bool", "fault": "str", "province_code": "str"}
_FORM = re.compile(r"[1-9]\d{16}[\dX]\Z", re.ASCII)
_OLD_FORM = re.compile(r"[1-9]\d{14}\Z", re.ASCII)
_CODE = re.compile(r"[0-9A-HJ-NP-RTUW-Y]{18}\Z", re.ASCII)
_WOMEN, _MEN = ("女", "f", "female", "女性", "女士"), ("男", "m", "male", "男性", "先生")


def check_identity_number(
    values: pd.Series, *, birth_date: pd.Series | None = None, gender: pd.Series | None = None
) -> pd.DataFrame:
    """Check identity numbers of persons (居民身份证号), and whether birthday and sex agree with them.

    Parameters
    ----------
    values : Series
        One cell per row.
    birth_date, gender : Series, optional
        The person's columns, row by row like `values`; birthdays as text or dates.

    Returns
    -------
    DataFrame
        With the index of `values`: number (tidy, X in capitals), is_possible (18 places, the
        last a digit or X), is_valid (place, birthday and check digit are right), fault (form,
        old_form, birth_date, place, check_digit or empty), birth_date, gender (男 or 女),
        province_code, and, where the columns were given, birth_agrees and gender_agrees (missing
        where there is nothing to compare).

    Notes
    -----
    GB 11643: the check digit is (12 − Σ aᵢ·2^(18−i) mod 11) mod 11, ten is X; the
    seventeenth digit is odd for men.  The place is right when its code was
    ever in use.  Numbers of 15 places were withdrawn in 2013 and are
    called old_form, with birthday and sex read from them.  A number that passes is well
    formed; it need not have been given to anybody.

    Examples
    --------
    >>> import pandas as pd
    >>> out = check_identity_number(pd.Series(["360426199101010071", "360426199101010072"]))
    >>> out[["is_valid", "fault", "gender"]].values.tolist()
    [[True, '', '男'], [False, 'check_digit', '男']]
    """
    import_extra("stdnum", extra="link", purpose="check_identity_number")
    out = read_each(values, _read_identity, _IDENTITY)
    if birth_date is not None:
        out["birth_agrees"] = _compare_birth(out["birth_date"], birth_date)
    if gender is not None:
        out["gender_agrees"] = _compare_gender(out["gender"], gender)
    return out


def _read_identity(text: str) -> tuple[Any, ...]:
    from stdnum.cn import ric

    number = re.sub(r"[\s-]", "", text).upper()
    old = bool(_OLD_FORM.match(number))
    if not old and not _FORM.match(number):
        return number, False, False, "form", None, "", ""
    body = number[:6] + "19" + number[6:] if old else number[:17]
    province, gender = number[:2], "男" if int(body[16]) % 2 else "女"
    try:
        born = dt.date(int(body[6:10]), int(body[10:12]), int(body[12:14]))
    except ValueError:
        return number, not old, False, "old_form" if old else "birth_date", None, gender, province
    if old:
        return number, False, False, "old_form", born, gender, province
    fault = "check_digit" if ric.calc_check_digit(number) != number[-1] else ""
    if not fault and not _was_place(number[:6]):
        fault = "place"
    return number, True, not fault, fault, born, gender, province


@cache
def _was_place(code: str) -> bool:
    """Return whether the code of a county was ever in use.

    Numbers are given out by where a person was registered, from 1984 on: the code may be younger than the
    person, so the year of birth cannot tell whether it is right.
    """
    from stdnum import numdb

    return any(known for _, known in numdb.get("cn/loc").info(code)[-1:])


def _compare_birth(own: pd.Series, other: pd.Series) -> Any:
    import pandas as pd

    from crm_lib.identify._quality_dates import read_days

    cells = Cells(other, "birth_date", "date")
    told = pd.Series(read_days(cells).row_values(), index=own.index)
    return _agree(own, told)


def tell_gender(values: pd.Series) -> pd.Series:
    """Return 男, 女 or empty text for each cell, however a sex is written."""
    import pandas as pd

    cells = Cells(values, "gender")
    told = [
        {**dict.fromkeys(_MEN, "男"), **dict.fromkeys(_WOMEN, "女")}.get(t.lower(), "") for t in cells.half
    ]
    return pd.Series(take_rows([*told, ""], cells.codes, "str"), index=values.index)


def _compare_gender(own: pd.Series, other: pd.Series) -> Any:
    told = tell_gender(other).astype(object)
    return _agree(own.where(own != "").astype(object), told.where(told != ""))


def _agree(own: pd.Series, told: pd.Series) -> Any:
    import pandas as pd

    same = pd.Series((own == told).to_numpy(), index=own.index, dtype="boolean")
    same[(own.isna() | told.isna()).to_numpy()] = pd.NA
    return same


def check_credit_code(values: pd.Series) -> pd.DataFrame:
    """Check unified social credit codes of firms (统一社会信用代码).

    Parameters
    ----------
    values : Series
        One cell per row.

    Returns
    -------
    DataFrame
        With the index of `values`: code (tidy, capitals), is_possible (18 places of the code's
        alphabet, which lacks I, O, S, V, Z), is_valid (check sign right), fault (form,
        check_digit or empty), province_code.

    Notes
    -----
    GB 32100: the check sign is (31 − Σ cᵢ·3^(i−1) mod 31) mod 31 over the first 17 signs.

    Examples
    --------
    >>> import pandas as pd
    >>> out = check_credit_code(pd.Series(["91110000600037341L", "91110000600037341M", "12345"]))
    >>> out[["is_valid", "fault"]].values.tolist()
    [[True, ''], [False, 'check_digit'], [False, 'form']]
    """
    import_extra("stdnum", extra="link", purpose="check_credit_code")
    return read_each(values, _read_credit, _CREDIT)


def _read_credit(text: str) -> tuple[Any, ...]:
    from stdnum.cn import uscc

    code = re.sub(r"[\s-]", "", text).upper()
    if not _CODE.match(code) or not code[2:8].isdigit():
        return code, False, False, "form", ""
    good = uscc.calc_check_digit(code[:17]) == code[-1]
    return code, True, good, "" if good else "check_digit", code[2:4]
