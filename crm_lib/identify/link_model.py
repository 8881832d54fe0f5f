"""What linking has learned: a model that is fitted once, saved, and applied to more records."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_columns, require_range
from crm_lib.errors import CrmWarning, DataError, ReadError
from crm_lib.identify.link_blocking import Pairing, all_alike, allow_within, choose_blocking
from crm_lib.identify.link_engine import Engine, read_levels, score, train
from crm_lib.identify.link_levels import ALL_COMPARISONS, choose_comparisons, pick_levels
from crm_lib.identify.link_prepare import Prepared, prepare_records
from crm_lib.identify.link_training import Shares, expect_shares, sum_logs

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify.link_levels import Comparison

WITHIN = ("auto", "allow", "never")
PAIRS_FLOOR = 0.001
_MOST_TRAINED = 200_000
_VERSION = 1
_DIGITS = 6


class LinkWarning(CrmWarning):
    """Records were linked, but something about them makes the result weaker: read which."""


@dataclass(frozen=True)
class LinkModel:
    """A fitted linking model.

    Attributes
    ----------
    comparisons : dict
        Per comparison its levels, from most alike to least, each with ``m`` (share among records of one
        person), ``h`` (two persons of one home) and ``u`` (strangers).
    share_same, share_home : float
        Share of all pairs that are one person, or two persons of one home.
    across : bool
        Registers hold a person once, so only records of different registers are paired.
    threshold : float
        Probability from which a pair is joined.
    n_records : int
        Records the model was fitted on.
    warnings : tuple of str
        What the reader should know of the fit.
    """

    comparisons: dict[str, list[dict[str, Any]]]
    share_same: float
    share_home: float
    across: bool
    threshold: float
    n_records: int
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain numbers and texts, as JSON holds them."""
        return {"version": _VERSION, **dataclasses.asdict(self), "warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> LinkModel:
        """Make the model again from what `to_dict` returned."""
        names = [f.name for f in dataclasses.fields(cls)]
        if said.get("version") != _VERSION or any(n not in said for n in names):
            raise ReadError(
                f"LinkModel: needs a model of version {_VERSION} with {', '.join(names)}; got "
                f"{', '.join(map(str, said)) or 'nothing'}. Save it with LinkModel.save."
            )
        return cls(**{n: tuple(said[n]) if n == "warnings" else said[n] for n in names})

    def save(self, path: str | Path) -> None:
        """Write the model as JSON; the same model gives the same bytes."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        Path(path).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: str | Path) -> LinkModel:
        """Read a model that `save` wrote."""
        try:
            said = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise ReadError(
                f"LinkModel: {Path(path).name} cannot be read as a saved model ({fault})."
            ) from None
        if not isinstance(said, dict):
            raise ReadError(f"LinkModel: {Path(path).name} holds no model. Save it with LinkModel.save.")
        return cls.from_dict(said)

    @property
    def weights(self) -> pd.DataFrame:
        """One row per comparison and level: m, h, u, and the weight log2(m / u) in bits."""
        return list_weights(self)

    def score(
        self, records: pd.DataFrame, *, backend: str = "duckdb", floor: float = PAIRS_FLOOR
    ) -> pd.DataFrame:
        """Return the pairs of `records` with their probabilities; see `score_pairs`."""
        prepared = prepare_records(records)
        return name_pairs(score_prepared(self, prepared, backend=backend, floor=floor), prepared, self)

    def apply(
        self, records: pd.DataFrame, *, known: pd.DataFrame | None = None, backend: str = "duckdb"
    ) -> pd.DataFrame:
        """Link records with this model; see `link_records`, whose ``known`` this takes too."""
        from crm_lib.identify.link import link_with_model

        return link_with_model(self, records, known=known, backend=backend)


def list_weights(model: LinkModel) -> pd.DataFrame:
    """Return the weights of a model as a table, most telling comparison first as they stand in the model."""
    import numpy as np
    import pandas as pd

    rows = [
        (c, v["level"], v["m"], v["h"], v["u"]) for c, levels in model.comparisons.items() for v in levels
    ]
    out = pd.DataFrame(rows, columns=["comparison", "level", "m", "h", "u"])
    out["weight"] = np.round(np.log2(out["m"].astype("float64") / out["u"].astype("float64")), 4)
    return out


def fit_link_model(
    records: pd.DataFrame,
    *,
    within: str = "auto",
    budget: float | None = None,
    backend: str = "duckdb",
    random_state: int = 0,
) -> LinkModel:
    """Fit a linking model on records of persons, without any labels.

    Parameters
    ----------
    records : DataFrame
        One row per register record, as for `link_records`.
    within : {"auto", "allow", "never"}
        Whether two records of one register may be one person; ``auto`` looks at the records.
    budget : float, optional
        Most pairs to look at; by default eight per record and 60,000.
    backend : {"duckdb", "spark"}
        Where splink computes.
    random_state : int
        Which 200,000 records a larger table is learned from.

    Returns
    -------
    LinkModel
        The fitted model; its threshold is the one `choose_threshold` finds on these records.
    """
    return fit_prepared(
        prepare_records(records), within=within, budget=budget, backend=backend, random_state=random_state
    )[0]


def fit_prepared(
    prepared: Prepared, *, within: str, budget: float | None, backend: str, random_state: int
) -> tuple[LinkModel, Pairing, pd.DataFrame]:
    """Fit on prepared records; also return the pairing and the report on blocking."""
    import numpy as np

    require_choice("link_records", "within", within, WITHIN)
    if budget is not None:
        require_range("link_records", "budget", budget, low=1)
    across = within == "never" or (within == "auto" and not allow_within(prepared))
    if across and len(np.unique(prepared.register)) < 2:
        across = False
    pairing, report = choose_blocking(prepared, across=across, budget=budget)
    known = [c for c, v in prepared.columns.items() if v.dtype.kind != "O" and (v >= 0).any()]
    comparisons = choose_comparisons(prepared.columns, known, years=_has_years(prepared))
    warnings = list(prepared.warnings)
    if len(prepared) < 2 or not comparisons:
        if len(prepared) >= 2:
            warnings.append("No record holds a value that tells persons apart: nobody is linked.")
        return LinkModel({}, 0.0, 0.0, across, 0.5, len(prepared), tuple(warnings)), pairing, report
    if all_alike(prepared):
        warnings.append("All records are alike: nothing can be learned from them.")
        shares = expect_shares(comparisons)
    else:
        shares = _train_some(prepared, pairing, comparisons, backend, random_state)
    warnings += _judge_fit([one.name for one in comparisons])
    how_often = (shares.share_same, shares.share_home)
    model = LinkModel(
        _name_levels(comparisons, shares), *how_often, across, 0.5, len(prepared), tuple(warnings)
    )
    return model, pairing, report


def _has_years(prepared: Prepared) -> bool:
    """Return whether some birth is a year alone."""
    columns = prepared.columns
    return "birth" in columns and bool(((columns["birth"] < 0) & (columns["year"] >= 0)).any())


def _train_some(
    prepared: Prepared, pairing: Pairing, comparisons: list[Comparison], backend: str, random_state: int
) -> Shares:
    """Learn from all records, or from 200,000 of them drawn with `random_state`."""
    import numpy as np

    if len(prepared) > _MOST_TRAINED:
        draw = np.random.default_rng(random_state)
        rows = np.sort(draw.choice(len(prepared), _MOST_TRAINED, replace=False))
        prepared, pairing = prepared.take(rows), pairing.take(rows)
    engine = Engine(backend)
    try:
        return train(engine, prepared, comparisons, pairing, seed=random_state)
    finally:
        engine.close()


def _name_levels(comparisons: list[Comparison], shares: Shares) -> dict[str, list[dict[str, Any]]]:
    return {
        one.name: [
            {"level": v.name, "m": shares.m[k][j], "h": shares.h[k][j], "u": shares.u[k][j]}
            for j, v in enumerate(one.levels)
        ]
        for k, one in enumerate(comparisons)
    }


def _judge_fit(names: list[str]) -> list[str]:
    """Say when the records hardly allow linking."""
    out = []
    if len([c for c in names if c not in ("gender", "town")]) < 2:
        out.append(f"Only {names[0]} tells persons apart: namesakes cannot be kept from one another.")
    return out


def score_prepared(
    model: LinkModel,
    prepared: Prepared,
    *,
    pairing: Pairing | None = None,
    backend: str = "duckdb",
    floor: float = PAIRS_FLOOR,
) -> pd.DataFrame:
    """Return row numbers, levels and probability of the pairs of prepared records."""
    import pandas as pd

    pairing = choose_blocking(prepared, across=model.across)[0] if pairing is None else pairing
    comparisons = [
        pick_levels(one, [v["level"] for v in model.comparisons[one.name]])
        for one in ALL_COMPARISONS
        if one.name in model.comparisons
    ]
    if not comparisons or len(prepared) < 2:
        empty = pd.DataFrame({"left": [], "right": []}, dtype="int64")
        out = empty.assign(probability=pd.Series(dtype="float64"), weight=pd.Series(dtype="float64"))
        out.attrs["n_pairs"] = 0
        return out
    m, h, u = ([[v[kind] for v in model.comparisons[c.name]] for c in comparisons] for kind in "mhu")
    share = min(model.share_same * model.n_records / len(prepared), 0.5)
    engine = Engine(backend)
    try:
        shares = Shares(m, h, u, share, model.share_home)
        found = score(engine, prepared, comparisons, shares, pairing, floor=floor)
    finally:
        engine.close()
    levels = read_levels(found, comparisons)
    chance = _judge_pairs(found["match_weight"].to_numpy("float64"), levels, model, (m, h))
    out = pd.DataFrame({"left": found["unique_id_l"], "right": found["unique_id_r"], "probability": chance})
    out["weight"] = found["match_weight"].to_numpy("float64").round(4)
    for k, one in enumerate(comparisons):
        out[f"level_{one.name}"] = levels[:, k]
    out = out[out["probability"] >= floor].reset_index(drop=True)
    out.attrs = {"n_pairs": found.attrs["n_pairs"]}
    return out


def _judge_pairs(
    weight: np.ndarray, levels: np.ndarray, model: LinkModel, kinds: tuple[list[list[float]], ...]
) -> np.ndarray:
    """Return the probability of one person, given splink's weight against strangers, with homes counted in."""
    import numpy as np

    logs = sum_logs(levels, tuple([np.array(v) for v in kind] for kind in kinds))
    home = np.exp(np.clip(logs[:, 1] - logs[:, 0], -700, 700))
    home *= model.share_home / max(model.share_same, 1e-300)
    strangers = np.exp2(np.clip(-weight, -1000, 1000))
    return np.round(1.0 / (1.0 + strangers + home), _DIGITS)


def name_pairs(pairs: pd.DataFrame, prepared: Prepared, model: LinkModel) -> pd.DataFrame:
    """Return pairs with the numbers of their records and the names of their levels, the most probable first."""
    import numpy as np
    import pandas as pd

    left, right = prepared.ids[pairs["left"].to_numpy()], prepared.ids[pairs["right"].to_numpy()]
    swap = np.array([a > b for a, b in zip(left, right, strict=True)], dtype=bool)
    out = pd.DataFrame({
        "record_id_l": pd.Series(np.where(swap, right, left), dtype="str"),
        "record_id_r": pd.Series(np.where(swap, left, right), dtype="str"),
        "probability": pairs["probability"].to_numpy(),
        "weight": pairs["weight"].to_numpy(),
    })
    for name, levels in model.comparisons.items():
        if f"level_{name}" in pairs:
            words = [*(v["level"] for v in levels), "missing"]
            out[f"level_{name}"] = pd.Categorical.from_codes(
                np.where(pairs[f"level_{name}"] < 0, len(levels), pairs[f"level_{name}"]), categories=words
            )
    out = out.sort_values(
        ["probability", "record_id_l", "record_id_r"], ascending=[False, True, True], kind="stable"
    ).reset_index(drop=True)
    out.attrs = {"n_pairs": pairs.attrs.get("n_pairs", len(pairs)), "n_records": len(prepared)}
    return out


def check_known(known: pd.DataFrame) -> None:
    """Raise when records linked before lack what joining them needs."""
    require_columns("link_records", known.columns, ["record_id", "person_id"])
    if known["person_id"].isna().any():
        raise DataError(
            f"link_records: person_id is missing in {int(known['person_id'].isna().sum()):,} records of known. "
            "Merge the old records with their links on record_id."
        )
