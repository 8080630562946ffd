"""The toy world's gold reward of drawn responses, for the oracles that know this world."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.core.errors import BenchError
from benchbench.core.ranges import require
from benchbench.core.rollout import Group
from benchbench.sources.toy.gold import GoldParts, gold_reward

PARTS = ("overlap", "exact", "explanation", "manner", "brevity")
"""Parts of a gold reward; `brevity` is 1 without an empty sentence, and 1 / (1 + n) with n of them."""


def require_parts(parts: Sequence[str]) -> None:
    """Return only if an option `parts` names some of `PARTS`; raises ValueError."""
    unknown = [part for part in parts if part not in PARTS]
    require(bool(parts) and not unknown, "parts", f"some of {', '.join(PARTS)}", unknown or "none")


def worth(of: GoldParts, part: str) -> float:
    """One part of a response; all of its reward where nothing could be read, which has no parts."""
    if not of.well_formed:
        return of.reward
    return 1 / (1 + of.fillers) if part == "brevity" else float(getattr(of, part))


def gold_of_group(group: Group, oracle: str) -> list[float]:
    """[K] gold reward of each response; a drawn response that was cut has the reward of an unreadable text.

    Raises:
        BenchError: a prompt that is not of the toy world; `oracle` is named in the message.
    """
    return [parts.reward for parts in gold_parts_of_group(group, oracle)]


def gold_parts_of_group(group: Group, oracle: str) -> list[GoldParts]:
    """[K] what the gold reward of each response is made of; raises as `gold_of_group` does."""
    try:
        (message,) = group.messages
        return [gold_reward(message.content, response.text, ended=not response.is_cut) for response in group.responses]
    except ValueError as error:
        raise BenchError(
            f"oracle {oracle}: example {group.example} is not of the toy world ({error}); only source 'toy' has gold "
            "rewards, choose another oracle"
        ) from None
