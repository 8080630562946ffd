"""DPH: the head's rewards of both responses; the value is the head's loss alone."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import numbers, pair_scores
from ..translation import Translation


def scores(case):
    """The pair with the head's numbers, [B, 2, 1]."""
    inputs = case["inputs"]
    leaf, pair = pair_scores(inputs, Translation())
    head = numbers(inputs["head_reward_chosen"], inputs["head_reward_rejected"])[..., None]
    return leaf, replace(pair, _reference=None, _head=head)


TRANSLATION = Translation(renamed={"eps": "label_smoothing"}, scores=scores, terms=lambda case: ("head",))
