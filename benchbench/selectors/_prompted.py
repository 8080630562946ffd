"""Pairs of responses that two arms drew under different instructions: the instruction says which is preferred."""

from __future__ import annotations

from typing import Literal, Protocol

from benchbench.core.rollout import Group

BETTER, WORSE = "better", "worse"
"""Arms of the sampler `prompted`."""
CutRule = Literal["keep", "drop", "reject_only"]


class ArmRules(Protocol):
    """Options that selectors of such pairs have in common."""

    @property
    def better(self) -> str:
        """The arm whose responses are preferred."""
        ...

    @property
    def worse(self) -> str:
        """The arm whose responses are rejected."""
        ...

    @property
    def cut(self) -> CutRule:
        """What becomes of responses that were cut."""
        ...


def pairs_of_arms(group: Group, rules: ArmRules) -> list[tuple[int, int]] | str:
    """(place under the better instruction, place under the worse one), the first draws of both, the second ones, ...

    Args:
        group: its responses.
        rules: whose draws are which, and of responses that were cut: `keep` uses them, `drop` leaves pairs with them
            out, `reject_only` never prefers them.
    """
    responses = group.responses
    better, worse = (
        [p for p, each in enumerate(responses) if each.source == arm] for arm in (rules.better, rules.worse)
    )
    if not better or not worse:
        return f"no response of the arm {rules.worse if better else rules.better}"
    pairs = [
        (chosen, rejected)
        for chosen, rejected in zip(better, worse, strict=False)
        if responses[chosen].scored != responses[rejected].scored
        and not (responses[chosen].is_cut and rules.cut != "keep")
        and not (responses[rejected].is_cut and rules.cut == "drop")
    ]
    return pairs or "no pair of different responses that may be used"
