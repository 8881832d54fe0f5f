"""The invented answers of firms: the files are what the generator draws, and the planted law is in them."""

from __future__ import annotations

import numpy as np
import pytest

from crm_lib import sample
from crm_lib.errors import ParameterError
from crm_lib.sample._archives import EFFECT, draw_archive_answers, write_archive_answers


@pytest.mark.parametrize(
    ("name", "seed", "effect"), [("firm_archives", 2, EFFECT), ("firm_archives_plain", 3, 0.0)]
)
def test_the_file_is_what_the_generator_draws(tmp_path, name, seed, effect):
    made = write_archive_answers(tmp_path / "a.csv", seed=seed, effect=effect)
    assert made.read_bytes() == sample.path(name).read_bytes()


def test_the_same_seed_gives_the_same_answers_and_more_firms_change_none():
    few, many = draw_archive_answers(20, seed=5), draw_archive_answers(50, seed=5)
    assert few.to_dict("list") == many.head(20).to_dict("list")
    assert not few["repeat_percent"].equals(draw_archive_answers(20, seed=6)["repeat_percent"])


def test_the_law_is_in_a_large_sample():
    import statsmodels.api as sm

    answers = draw_archive_answers(4000, seed=9)
    score = np.array(answers.attrs["score"]) / 10
    known = answers["repeat_percent"].notna().to_numpy()
    x = sm.add_constant(np.column_stack([score, np.log(answers["n_staff"])]))[known]
    model = sm.OLS(answers.loc[known, "repeat_percent"].astype(float).to_numpy(), x).fit()
    assert model.params[1] == pytest.approx(EFFECT, abs=0.05)
    # larger firms keep better files: the confounder is really there
    assert np.corrcoef(score, np.log(answers["n_staff"]))[0, 1] > 0.3
    none = answers["form"] == "没有"
    assert (np.array(answers.attrs["score"])[none] == 0).all()
    assert 0.02 < answers["keeper"].isna().mean() < 0.06


def test_wrong_arguments_are_refused():
    with pytest.raises(ParameterError, match="n_firms must be >= 1"):
        draw_archive_answers(0, seed=0)
    with pytest.raises(ParameterError, match="seed must be >= 0"):
        draw_archive_answers(5, seed=-1)
