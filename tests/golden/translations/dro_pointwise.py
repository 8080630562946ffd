"""DRO: one response with its reward and the prompt's value; without 1 / tau, which is 1 in the case."""

from __future__ import annotations

from ..inputs import list_scores
from ..translation import Translation


def scores(case):
    """A list of one response of one token."""
    inputs = case["inputs"]
    return list_scores(
        {**inputs, "lengths": [1], "scores": inputs["reward"]}, Translation(columns={"value": ("value",)})
    )


TRANSLATION = Translation(names=("dro_v",), scores=scores)
