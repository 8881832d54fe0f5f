"""Keep a sentiment model in a file of plain text: JSON, never a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from crm_lib.errors import ReadError
from crm_lib.text.sentiment import SentimentModel

FORMAT = "crm-lib sentiment 1"


def save_sentiment(model: SentimentModel, path: str | Path) -> Path:
    """Write a sentiment model to a JSON file.

    Parameters
    ----------
    model : SentimentModel
        What `fit_sentiment` returned.
    path : str or Path
        File to write; its folder is made when it is missing.

    Returns
    -------
    Path
        The file written; the same model gives the same bytes.
    """
    content = {
        "format": FORMAT,
        "intercept": model.intercept,
        "n_positive": model.n_positive,
        "n_negative": model.n_negative,
        "n_neutral": model.n_neutral,
        "user_words": list(model.user_words),
        "terms": list(model.terms),
        "idf": model.idf.tolist(),
        "weights": model.weights.tolist(),
    }
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return file


def load_sentiment(path: str | Path) -> SentimentModel:
    """Read a sentiment model that `save_sentiment` wrote.

    Parameters
    ----------
    path : str or Path
        The JSON file.

    Returns
    -------
    SentimentModel
        It judges every text as the saved one did, digit for digit.

    Raises
    ------
    ReadError
        The file cannot be read or is not such a model.
    """
    import numpy as np

    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        whole = _is_model(found)
    except (OSError, ValueError, RecursionError) as error:
        raise ReadError(
            f"load_sentiment: {str(path)!r} cannot be read ({error}). Write the model again with save_sentiment."
        ) from None
    if not whole:
        raise ReadError(
            f"load_sentiment: {str(path)!r} is not a model of the form {FORMAT!r}. "
            "Write the model again with save_sentiment."
        )
    return SentimentModel(
        tuple(found["terms"]),
        np.array(found["idf"], dtype=float),
        np.array(found["weights"], dtype=float),
        float(found["intercept"]),
        *(int(found[f"n_{kind}"]) for kind in ("positive", "negative", "neutral")),
        user_words=tuple(found["user_words"]),
    )


def _is_model(found: Any) -> bool:
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return False
    terms, words = found.get("terms"), found.get("user_words")
    texts = all(isinstance(x, list) and all(isinstance(w, str) for w in x) for x in (terms, words))
    numbers = [found.get("intercept"), *(found.get(f"n_{k}") for k in ("positive", "negative", "neutral"))]
    lists = [found.get("idf"), found.get("weights")]
    return (
        texts
        and len(set(terms)) == len(terms)
        and all(_is_number(x) for x in numbers)
        and all(isinstance(x, list) and len(x) == len(terms) and all(map(_is_number, x)) for x in lists)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
