"""What a guard's entry says, and the usual way to take one away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Guard:
    """A guard, its removal in words and in deed, and the pytest arguments of its test."""

    name: str
    removal: str
    spoil: Callable[[Path], None]
    test: tuple[str, ...]


def replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a removal that puts `new` for `old`; it complains when `old` is no longer there."""

    def spoil(root: Path) -> None:
        path = root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} no longer has {old!r}: bring the guard's entry up to date"
        path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")

    return spoil
