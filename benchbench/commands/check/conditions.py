"""What a recipe's claims were reported on, and where a run is known to differ from that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchbench.recipe.claims import ClaimSection
from benchbench.recipe.load import Loaded
from benchbench.recipe.memory import moving_keys
from benchbench.recipe.training import RUN_KEYS
from benchbench.recipe.values import get


@dataclass(frozen=True)
class Difference:
    """One thing that is known not to be as reported."""

    part: str
    """In a word: model, data, template, tokenization, scoring, or the recipe's section."""
    detail: str


def known_differences(loaded: Loaded) -> list[Difference]:
    """Where the resolved recipe is not what was reported on.

    That is every condition that the report states (`reported_on`) and the recipe has otherwise, and every value that
    `--set` changed. A revision that the report does not state is no known difference; claims carry it as an assumption.
    """
    values = loaded.values()
    differences = [
        Difference(_part(key), f"{key} is {_shown(get(values, key))}, reported on {_shown(stated)}")
        for key, stated in loaded.recipe.reported_on.items()
        if get(values, key) != stated
    ]
    differing = [key for key in loaded.recipe.reported_on if get(values, key) != loaded.recipe.reported_on[key]]
    changed = (text.partition("=")[0] for text in loaded.overrides)
    moving = moving_keys(values)
    return differences + [
        Difference(_part(key), f"{key} was changed by --set")
        for key in changed
        if (key in moving or key.rpartition(".")[2] not in RUN_KEYS)
        and not any(_same(key, other) for other in differing)
    ]


def other_items(claims: Iterable[ClaimSection], counts: Mapping[tuple[str, str], int]) -> list[Difference]:
    """The difference in the number of held-out pairs from the report, if any; other pairs are not comparable.

    Args:
        claims: of one recipe.
        counts: (metric, scoring) -> number of pairs measured.
    """
    details = dict.fromkeys(
        f"{counts[claim.metric, claim.scoring]} held-out pairs, reported on {claim.n}"
        for claim in claims
        if counts.get((claim.metric, claim.scoring), claim.n) != claim.n
    )
    return [Difference("data", detail) for detail in details]


def _same(key: str, other: str) -> bool:
    return key == other or other.startswith(f"{key}.") or key.startswith(f"{other}.")


def _part(key: str) -> str:
    """The word for what a key belongs to."""
    if key.startswith(("tokenization.template", "tokenization.chat_template")):
        return "template"
    section = key.partition(".")[0]
    return {"score": "scoring"}.get(section, section)


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value) if isinstance(value, str) and "\n" in value else str(value)
