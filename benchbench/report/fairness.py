"""What differs between the rows of a comparison, in words: a short block above every table, and its plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UNKNOWN = "unknown"
"""Value of a quantity that no record of a row holds; never taken for equal to another row's."""
MOST_LABELS, MOST_VALUES = 6, 4
"""Rows that a value names, and values that a quantity shows; the rest is counted, and in the JSON."""

Facts = Mapping[str, Mapping[str, str]]
"""Label -> quantity -> its value in words; a quantity that says nothing of a row, such as epochs of one without
training, is not there."""


@dataclass(frozen=True)
class Fairness:
    """What rows that are compared have in common, and what not."""

    differing: Mapping[str, Mapping[str, Sequence[str]]]
    """Quantity -> value -> the labels that have it; of quantities with several values."""
    unknown: Mapping[str, Sequence[str]]
    """Quantity -> the labels of which it is not known."""
    alike: Sequence[str]
    """Quantities that are known and the same for every row that has them."""

    def lines(self) -> list[str]:
        """For people: one line where nothing differs, else one for every quantity that does, and what is not known."""
        if not self.differing and not self.unknown:
            return [f"fairness: nothing differs between rows in {_listed(self.alike)}"]
        head = "fairness: what differs between rows, as their stages recorded it (numbers of a seed)"
        lines = [
            head if self.differing else f"fairness: nothing that is known differs between rows ({_listed(self.alike)})"
        ]
        lines += [f"- {quantity}: {_values(values)}" for quantity, values in self.differing.items()]
        unknown = [f"{quantity} of {_some(labels)}" for quantity, labels in self.unknown.items()]
        return lines + ([f"- not known: {'; '.join(unknown)}"] if unknown else [])

    def records(self) -> list[dict[str, object]]:
        """A row for every value of a quantity that differs or is not known, for a table."""
        rows = [(name, value, labels) for name, of in self.differing.items() for value, labels in of.items()]
        rows += [(name, UNKNOWN, labels) for name, labels in self.unknown.items()]
        return [{"quantity": name, "value": value, "rows": ", ".join(labels)} for name, value, labels in rows]

    def as_values(self) -> dict[str, object]:
        """All of it for a program."""
        return {
            "differing": {quantity: {v: list(who) for v, who in of.items()} for quantity, of in self.differing.items()},
            "unknown": {quantity: list(labels) for quantity, labels in self.unknown.items()},
            "alike": list(self.alike),
        }


def fairness_of(facts: Facts, *, baseline: str) -> Fairness:
    """What differs between rows.

    Args:
        facts: of every row, quantities in the order in which they are shown.
        baseline: label whose values come first.
    """
    ordered = sorted(facts, key=lambda label: label != baseline)
    quantities = list(dict.fromkeys(quantity for label in facts for quantity in facts[label]))
    differing: dict[str, dict[str, list[str]]] = {}
    unknown: dict[str, list[str]] = {}
    alike: list[str] = []
    for quantity in quantities:
        values: dict[str, list[str]] = {}
        for label in ordered:
            if quantity in facts[label]:
                values.setdefault(facts[label][quantity], []).append(label)
        if UNKNOWN in values:
            unknown[quantity] = values.pop(UNKNOWN)
        if len(values) > 1:
            differing[quantity] = values
        elif quantity not in unknown:
            alike.append(quantity)
    return Fairness(differing, unknown, alike)


def _values(values: Mapping[str, Sequence[str]]) -> str:
    shown = list(values.items())[:MOST_VALUES]
    rest = list(values.items())[MOST_VALUES:]
    if len(rest) == 1:
        shown, rest = [*shown, *rest], []
    parts = [f"{value} ({_some(labels)})" for value, labels in shown]
    if rest:
        parts.append(f"{len(rest)} further values ({sum(len(labels) for _, labels in rest)} rows)")
    return "; ".join(parts)


def _some(labels: Sequence[str]) -> str:
    more = len(labels) - MOST_LABELS
    return ", ".join(labels) if more <= 1 else f"{', '.join(labels[:MOST_LABELS])} and {more} more"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
