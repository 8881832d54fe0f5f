"""Secrets of a notebook: a parameter says where one is kept, and only the notebook reads it.

``<secret>`` parameters hold ``env:NAME`` or ``file:PATH``.  The reference may
stand in a report, the value behind it never: ``crm render`` searches all
outputs for it and keeps none that hold it.
"""

from __future__ import annotations

import os
from pathlib import Path

from crm_lib.catalogue import say
from crm_lib.errors import ParameterError
from crm_lib.lesson.params import is_reference


def read_secret(reference: str) -> str:
    """Return the secret that `reference` points to.

    Parameters
    ----------
    reference
        ``env:NAME`` for an environment variable, ``file:PATH`` for a file
        (UTF-8; relative to the folder of the caller).

    Returns
    -------
    str
        The secret, without blanks and line ends around it.

    Raises
    ------
    ParameterError
        The variable or the file is missing or empty, or `reference` is none;
        what was given is not repeated, since it may be the secret itself.

    Notes
    -----
    The secret is plain text: whatever prints it, prints it.  ``crm render``
    fails a run whose outputs hold it.

    Examples
    --------
    >>> import os
    >>> os.environ["MY_TOKEN"] = "correct horse"
    >>> read_secret("env:MY_TOKEN")
    'correct horse'
    """
    if not reference:
        raise ParameterError(say("secrets.empty"))
    if not isinstance(reference, str) or not is_reference(reference):
        raise ParameterError(say("secrets.no_reference"))
    kind, _, place = reference.partition(":")
    return _read_variable(place) if kind == "env" else _read_file(place.strip())


def _read_variable(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ParameterError(say("secrets.no_variable", name=name))
    return value


def _read_file(name: str) -> str:
    try:
        value = Path(name).expanduser().read_text(encoding="utf-8-sig").strip()
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "UTF-8"
        raise ParameterError(say("secrets.no_file", name=name, why=why)) from None
    if not value:
        raise ParameterError(say("secrets.empty_file", name=name))
    return value
