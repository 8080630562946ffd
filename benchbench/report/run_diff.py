"""Two runs beside each other, as tables and lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from benchbench.report.run_page import text, value_text

TITLES = {
    "settings": "settings",
    "data": "data",
    "rows": "rows that were read, dropped, cut or flagged",
    "versions": "versions",
    "hardware": "hardware and environment",
    "outcome": "outcome",
}
"""Kind of difference -> title of its table."""
_SHORT = 12
"""Characters of a content hash that are shown; JSON has all."""
_HASH_DIGITS = (16, 64)


class TwoValues(Protocol):
    """A name with a value on each side."""

    @property
    def stage(self) -> str:
        """The way to the stage."""
        ...

    @property
    def kind(self) -> str:
        """What differs."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def a(self) -> Any:
        """On the first side."""
        ...

    @property
    def b(self) -> Any:
        """On the second side."""
        ...


def difference_tables(differences: Iterable[TwoValues]) -> list[tuple[str, list[dict[str, str]]]]:
    """(title, rows) per kind of difference; one row for equal differences of several stages."""
    tables: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for each in differences:
        place = (each.name, _value(each.a), _value(each.b))
        tables.setdefault(each.kind, {}).setdefault(place, []).append(each.stage)
    return [
        (
            TITLES[kind],
            [
                {"differs": name, "A": first, "B": second, "stage": "; ".join(dict.fromkeys(stages))}
                for (name, first, second), stages in rows.items()
            ],
        )
        for kind, rows in tables.items()
    ]


def parting_rows(partings: Sequence[Any]) -> list[dict[str, str]]:
    """A row per logged number: where it parts, and how far apart it ends."""
    return [
        {
            "logged": each.name,
            "first apart": f"step {each.step}",
            **dict(zip(("A", "B"), _apart(each.a, each.b), strict=True)),
            **dict(zip(("last A", "last B"), _apart(each.last_a, each.last_b), strict=True)),
            "stage": each.stage,
        }
        for each in partings
    ]


def _apart(a: float, b: float) -> tuple[str, str]:
    """Both values, with as many digits as tell them apart."""
    return (text(a), text(b)) if text(a) != text(b) or a == b else (repr(a), repr(b))


def parting_line(partings: Sequence[Any]) -> str:
    """In one sentence, where the losses of each training part."""
    losses = [each for each in partings if each.name == "loss"]
    parts = [
        f"{each.stage}: losses part at step {each.step}"
        + (f", after {_steps(each.before)} without a difference" if each.before else ", the first that was logged")
        for each in losses
    ]
    return "; ".join(parts)


def _steps(count: int) -> str:
    return "one logged step" if count == 1 else f"{count} logged steps"


def _value(value: Any) -> str:
    said = value_text(value)
    is_hash = len(said) in _HASH_DIGITS and set(said) <= set("0123456789abcdef")
    return f"{said[:_SHORT]}..." if is_hash and len(said) > _HASH_DIGITS[0] else said
