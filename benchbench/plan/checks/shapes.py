"""How many candidates the examples of a split have, and whether the preferred one is first."""

from __future__ import annotations

from collections.abc import Iterable

from benchbench.core.errors import Fault
from benchbench.store.prepared import PreparedData


def pair_faults(key: str, split: str, data: PreparedData) -> list[Fault]:
    """A split that is read as pairs, and has others, or pairs in no order."""
    wrong = set(data.shapes[split].candidates) - {2}
    if wrong:
        return [Fault(key, f"expected pairs, found examples with {listed(wrong)} candidates")]
    return order_faults(key, split, data)


def order_faults(key: str, split: str, data: PreparedData) -> list[Fault]:
    """A split whose first candidates are taken for the preferred ones, and are just the first."""
    if data.shapes[split].ordered:
        return []
    message = (
        f"expected the preferred response first, found candidates without ratings, in no order, in split '{split}'"
    )
    return [
        Fault(
            key,
            f"{message}; give each a score, leave such rows out with data.options.drop_missing: [score], or say "
            "data.options.preferred_by: given where the first is the preferred one",
        )
    ]


def listed(counts: Iterable[int]) -> str:
    """Numbers in words, in order."""
    return ", ".join(str(count) for count in sorted(counts))
