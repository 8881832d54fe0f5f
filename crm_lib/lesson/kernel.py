"""The running notebook as the lesson sees it: its variables and its folders."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

_PYTHON_SHOWS = warnings.showwarning


def notebook_variables(depth: int = 2) -> MutableMapping[str, Any]:
    """Return the variables of the running notebook.

    Outside a kernel (a script, a test) they are the globals of the caller
    `depth` frames up.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.user_ns if shell else sys._getframe(depth).f_globals


def output_folder(notebook_id: str) -> Path:
    """Return where exports go: the folder ``crm render`` names, else one beside the notebook."""
    given = os.environ.get("CRM_OUTPUT_DIR")
    return Path(given) if given else Path.cwd() / f"{notebook_id.split('/')[-1]}_output"


def in_report() -> bool:
    """Tell whether ``crm render`` runs this notebook: its page then writes captions and looks itself."""
    return bool(os.environ.get("CRM_OUTPUT_DIR"))


def show_look() -> None:
    """Dress findings, checks, tables and captions in JupyterLab; a report drops this and has its own."""
    from importlib import resources

    from IPython.display import display

    css = (resources.files("crm_lib.lesson") / "notebook.css").read_text("utf-8")
    display({"text/html": f"<style>\n{css}</style>", "text/plain": ""}, raw=True)


def speak_errors() -> None:
    """Show a `CrmError` as its sentence alone; the traceback helps no reader of a report."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or os.environ.get("CRM_DEBUG"):
        return
    from crm_lib.catalogue import say
    from crm_lib.errors import CrmError

    def show_sentence(
        shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: Any = None
    ) -> list:
        name = next(c.__name__ for c in kind.__mro__ if c.__module__ == CrmError.__module__)
        lines = [f"{say(f'error.{name}')}：{error}"]
        shell._showtraceback(kind, error, lines)
        return lines

    shell.set_custom_exc((CrmError,), show_sentence)
    warnings.showwarning = _show_warning


def _show_warning(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    """Show a warning of the library as a Chinese box, any other one as Python does."""
    import html

    from crm_lib.catalogue import say
    from crm_lib.errors import CrmWarning

    if not issubclass(category, CrmWarning):
        _PYTHON_SHOWS(message, category, *where, **more)
        return
    from IPython.display import display

    text = say(f"warning.{category.__name__}")
    body = f"<strong>{say('warning.title')}</strong>　{html.escape(text)}"
    display({"text/html": f'<div class="crm-warning">{body}</div>', "text/plain": text}, raw=True)
