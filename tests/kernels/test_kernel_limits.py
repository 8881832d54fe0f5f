"""Limits of a kernel: from where they come, what they set, what is refused."""

import pytest

from crm_lib.errors import ParameterError
from crm_lib.kernels import Limits


def test_defaults_and_what_the_environment_sets(monkeypatch):
    monkeypatch.delenv("CRM_CELL_SECONDS", raising=False)
    monkeypatch.delenv("CRM_MEMORY_MB", raising=False)
    assert Limits.from_environment() == Limits(cell_seconds=600, memory_mb=None, threads=1)
    monkeypatch.setenv("CRM_CELL_SECONDS", " 30 ")
    monkeypatch.setenv("CRM_MEMORY_MB", "2048")
    assert Limits.from_environment() == Limits(cell_seconds=30, memory_mb=2048, threads=1)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "ten", "٣"])
@pytest.mark.parametrize("name", ["CRM_CELL_SECONDS", "CRM_MEMORY_MB"])
def test_anything_but_a_whole_number_is_refused_by_name(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ParameterError, match=rf"{name} must be a whole number >= 1; got '.*unset {name}"):
        Limits.from_environment()


def test_threads_of_numeric_libraries_are_set_unless_their_owner_has_set_them():
    dressed = Limits().dress({"OMP_NUM_THREADS": "4", "HOME": "/somewhere"})
    assert dressed["OMP_NUM_THREADS"] == "4"
    assert dressed["OPENBLAS_NUM_THREADS"] == dressed["MKL_NUM_THREADS"] == "1"
    assert dressed["HOME"] == "/somewhere"
