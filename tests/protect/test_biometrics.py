"""Biometric fields are found by name, title or meaning; a fingerprint of data is none."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.catalogue import list_titles
from crm_lib.errors import ProtectError
from crm_lib.protect import check_fields, find_biometric, require_no_biometrics
from crm_lib.schema import list_schemas, load_schema


@pytest.mark.parametrize(
    "names",
    [("face_id",), ("x", "人脸特征"), ("finger_1", "左手指纹"), ("irisCode",), ("v", "", "客户的声纹样本"), ("voiceprint",),
     ("gait", "步态"), ("dna",), ("x", "DNA 检测"), ("fingerprint",), ("biometric_token",)],
)  # fmt: skip
def test_found(names):
    assert find_biometric(*names)


@pytest.mark.parametrize(
    "names",
    [("surface",), ("phone",), ("interface_id",), ("row_sha256", "整行指纹"), ("phone_index", "手机号指纹（密钥散列）"),
     ("fingerprint", "编号指纹", "keyed hash of the number"), ("hobbies", "兴趣"), ("irish_whiskey",), ("x", None)],
)  # fmt: skip
def test_not_found(names):
    assert find_biometric(*names) == ""


def test_no_table_of_the_project_has_one():
    for name in list_schemas():
        rows = [{"column": c.name, "title": c.title} for c in load_schema(name).columns]
        require_no_biometrics(pd.DataFrame(rows))
    assert len(list_titles()) > 100


def test_refused_until_the_separate_consent_is_documented():
    fields = pd.DataFrame({"column": ["name", "face"], "title": ["姓名", "人脸"], "meaning": ["", None]})
    with pytest.raises(ProtectError, match="'face' .人脸. has none. No lesson"):
        require_no_biometrics(fields)
    for empty in ("", "  "):
        assert check_fields(fields, separate_consent={"face": empty})["verdict"].tolist() == [
            "plain",
            "refused",
        ]
    judged = check_fields(fields, separate_consent={"face": "表 7，2024-03-01，人事档案"})
    assert judged["verdict"].tolist() == ["plain", "documented"]
    assert judged["document"].tolist() == ["", "表 7，2024-03-01，人事档案"]
    require_no_biometrics(fields, separate_consent={"face": "表 7"})
