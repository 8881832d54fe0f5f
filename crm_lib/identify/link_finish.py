"""From scored pairs to the links handed out: threshold, persons, their numbers, how sure each record's place is."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

from crm_lib.identify.link_clusters import join_pairs
from crm_lib.identify.link_evaluate import choose_threshold
from crm_lib.identify.link_model import LinkModel, LinkWarning, list_weights

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify.link_prepare import Prepared


def finish_links(
    model: LinkModel,
    prepared: Prepared,
    pairs: pd.DataFrame,
    report: pd.DataFrame,
    threshold: float | None,
    persons: pd.Series | None,
) -> pd.DataFrame:
    """Choose the threshold, join the pairs and say it all."""
    import pandas as pd

    swept, chosen = choose_threshold(pairs)
    threshold = chosen if threshold is None else float(threshold)
    taken = pairs[pairs["probability"] >= threshold]
    columns = tuple(taken[c].to_numpy() for c in ("left", "right", "probability"))
    known = None if persons is None else pd.factorize(persons)[0]
    root, refused = join_pairs(len(prepared), columns, prepared, exclusive=model.across, known=known)
    out = pd.DataFrame({
        "record_id": pd.Series(prepared.ids, dtype="str"),
        "person_id": pd.Series(_name_persons(prepared.ids, root, persons), dtype="str"),
        "probability": _judge_records(len(prepared), pairs, root, known),
    }).sort_values("record_id", kind="stable", ignore_index=True)
    said = _warn(model, len(prepared), out["person_id"].is_unique)
    out.attrs = {
        "threshold": threshold,
        "n_pairs": int(pairs.attrs["n_pairs"]),
        "n_persons": int(out["person_id"].nunique()),
        "across": model.across,
        "blocking": report.to_dict("records"),
        "weights": list_weights(model).to_dict("records"),
        "sweep": swept.to_dict("records"),
        "chains": [_name_chain(line, prepared.ids) for line in refused],
        "warnings": said,
        "model": dataclasses.replace(model, threshold=threshold).to_dict(),
    }
    return out


def _warn(model: LinkModel, n: int, alone: bool) -> list[str]:
    """Warn of what makes the links weaker; return what was said."""
    said = list(model.warnings)
    if n > 1 and model.comparisons and alone:
        said.append("No two records look like one person: the registers may not share anybody.")
    for text in said:
        warnings.warn(text, LinkWarning, stacklevel=4)
    return said


def _name_chain(line: dict[str, Any], ids: np.ndarray) -> dict[str, Any]:
    left, right = sorted((str(ids[line["left"]]), str(ids[line["right"]])))
    return {
        "record_id_l": left,
        "record_id_r": right,
        **{k: line[k] for k in ("probability", "reason", "n_left", "n_right")},
    }


def _name_persons(ids: np.ndarray, root: np.ndarray, persons: pd.Series | None) -> np.ndarray:
    """Return each record's person: the number known before, else P- and the person's smallest record number."""
    import numpy as np
    import pandas as pd

    order = pd.Series(ids, dtype="str").to_numpy(dtype=object).argsort(kind="stable")
    first = np.full(len(ids), -1, dtype="int64")
    roots, where = np.unique(root[order], return_index=True)
    first[roots] = order[where]
    names = np.array([f"P-{ids[k]}" for k in first[root]], dtype=object)
    if persons is None:
        return names
    told = persons.to_numpy(dtype=object)
    before = {r: name for r, name in zip(root.tolist(), told.tolist(), strict=True) if isinstance(name, str)}
    taken = set(before.values())
    fresh = [n if n not in taken else f"{n}+" for n in names.tolist()]
    return np.array([before.get(r, n) for r, n in zip(root.tolist(), fresh, strict=True)], dtype=object)


def _judge_records(n: int, pairs: pd.DataFrame, root: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """Return how sure each record's place is."""
    import numpy as np

    left, right = pairs["left"].to_numpy("int64"), pairs["right"].to_numpy("int64")
    chance = pairs["probability"].to_numpy("float64")
    together = root[left] == root[right]
    inside, outside = np.zeros(n), np.zeros(n)
    for rows in (left, right):
        np.maximum.at(inside, rows[together], chance[together])
        np.maximum.at(outside, rows[~together], chance[~together])
    sizes = np.bincount(root, minlength=n)[root] if n else np.zeros(0)
    out = np.where(sizes > 1, inside, 1.0 - outside)
    if known is not None:
        out = np.where((known >= 0) & (sizes > 1) & (inside == 0), 1.0, out)
    return np.round(out, 6)
