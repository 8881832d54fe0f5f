"""What grading remembers from run to run, in ``OUT/.crm/grades``: results by all they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crm_lib._places import checks_file, notebook_file
from crm_lib.lesson.checks import load_variants
from crm_lib.publish.ground import describe_ground
from crm_lib.publish.hashes import Hashes
from crm_lib.publish.page import write_atomic
from crm_lib.teach.results import TaskResult
from crm_lib.teach.truth import compute_truth

# Rooms whose files have no bearing on points.
_NO_BEARING = ("crm_lib/teach/gradebook", "crm_lib/teach/feedback", "crm_lib/teach/class_report")
_NO_BEARING += ("crm_lib/teach/similarity", "crm_lib/teach/assign", "crm_lib/teach/manual", "crm_lib/cli")
# A limit may have struck because the machine was busy: such a result is never remembered.
_BY_CHANCE = ("limit of", "ended by itself", "too much output", "the answer is too big", "sandbox")


class Memory:
    """Results and truths of earlier runs; a key changes with everything the value depends on."""

    def __init__(self, out: Path) -> None:
        self._folder = out / ".crm" / "grades"
        hashes = Hashes.of(out)
        ground = describe_ground(hashes)
        hashes.save()
        library = {n: d for n, d in ground["library"].items() if not n.startswith(_NO_BEARING)}
        self._ground = _digest([library, ground["versions"]])

    def key_of(self, notebook_id: str, what: Any) -> str:
        """Return the key of a result that depends on `what` besides library, notebook, checks and variants."""
        texts = [
            p.read_text(encoding="utf-8") for p in (notebook_file(notebook_id), checks_file(notebook_id))
        ]
        return _digest([self._ground, notebook_id, texts, load_variants(notebook_id), what])

    def load_tasks(self, key: str) -> tuple[TaskResult, ...] | None:
        """Return remembered task results, or None."""
        data = self._load(key)
        try:
            return (
                None if data is None else tuple(TaskResult(**{**t, "code": tuple(t["code"])}) for t in data)
            )
        except (TypeError, KeyError):
            return None

    def save_tasks(self, key: str, tasks: Sequence[TaskResult]) -> None:
        """Remember task results, unless a limit of the sandbox had a part in them."""
        from dataclasses import asdict

        if not any(word in t.error for t in tasks for word in _BY_CHANCE):
            self._save(key, [asdict(t) for t in tasks])

    def truth(self, notebook_id: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the truth of a variant, computed at most once."""
        key = self.key_of(notebook_id, ["truth", dict(parameters)])
        found = self._load(key)
        if not isinstance(found, dict):
            found = compute_truth(notebook_id, parameters)
            self._save(key, found)
        return found

    def _load(self, key: str) -> Any:
        try:
            return json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _save(self, key: str, value: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self._folder / f"{key}.json", json.dumps(value, ensure_ascii=False))


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
