"""Linking on person registers that nothing in the library was written for."""

from __future__ import annotations

import warnings

import link_registers
import pytest

from crm_lib import read_table
from crm_lib.identify.link import link_records
from crm_lib.identify.link_evaluate import evaluate_links, link_exactly
from crm_lib.identify.link_model import LinkWarning

# register → least precision and recall; what is achievable stands beside it where it is not 1
BARS = {
    "english": (0.98, 0.95),
    "febrl": (0.98, 0.95),
    "voters": (0.98, 0.93),
    "plain_chinese": (0.98, 0.95),
    "members": (0.98, 0.95),
    "mails": (0.98, 0.90),
    "marked": (0.98, 0.95),
}


def link_quietly(records, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinkWarning)
        return link_records(records, **options)


@pytest.mark.parametrize("name", list(BARS))
def test_a_register_nobody_has_seen_is_linked(name, capsys):
    records, truth = link_registers.ALL[name](700)
    before = records.copy()
    found = evaluate_links(link_quietly(records), truth).iloc[0]
    base = evaluate_links(link_exactly(records), truth).iloc[0]
    with capsys.disabled():
        print(
            f"\n{name}: P {found.precision:.4f} R {found.recall:.4f} B3 {found.bcubed_f1:.4f} "
            f"(equal phone or mail: P {base.precision:.4f} R {base.recall:.4f}; n {found.n_records})"
        )
    precision, recall = BARS[name]
    assert found.precision >= precision
    assert found.recall >= recall
    assert found.f1 > base.f1
    assert records.equals(before)


HEADERS = {
    "voters": {
        "record_id": "Record No", "channel": "Register", "first_name": "First Name", "last_name": "Last Name",
        "middle_name": "Middle Name", "gender": "Sex", "birth_date": "Year of Birth", "phone": "Mobile",
        "address": "Street Address", "city": "Town", "zip": "ZIP",
    },
    "febrl": {"record_id": "rec_id", "birth_date": "date_of_birth"},
    "members": {
        "record_id": "登记编号", "channel": "渠道", "name": "客户姓名", "gender": "性别", "phone": "手机号码",
        "birth_date": "生日", "city": "所在城市", "address": "详细地址",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", list(HEADERS))
def test_a_file_with_its_own_headers_is_linked_as_read(name, tmp_path):
    records, truth = link_registers.ALL[name](250)
    records.rename(columns=HEADERS[name]).to_csv(tmp_path / "file.csv", index=False, encoding="utf-8")
    raw = read_table(tmp_path / "file.csv", "customers")
    found = evaluate_links(link_quietly(raw), truth).iloc[0]
    assert found.precision >= 0.98
    assert found.recall >= 0.9
    bare = raw.copy()
    bare.attrs = {}
    assert evaluate_links(link_quietly(bare), truth)["f1"].iloc[0] == found.f1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["english", "febrl", "voters"])
@pytest.mark.parametrize("seed", [11, 12])
def test_larger_registers_keep_the_bar(name, seed, capsys):
    records, truth = link_registers.ALL[name](4000, seed)
    found = evaluate_links(link_quietly(records), truth).iloc[0]
    with capsys.disabled():
        print(f"\n{name} seed {seed}: P {found.precision:.4f} R {found.recall:.4f} n {found.n_records}")
    assert found.precision >= 0.98
    assert found.recall >= 0.90
