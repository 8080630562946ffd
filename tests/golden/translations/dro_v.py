"""DRO-V: one response with its reward and the head's value; at tau 1 the value's loss and the policy's are equal."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..inputs import list_scores
from ..translation import Translation


def scores(case):
    """A list of one response of one token, with its value before that token."""
    inputs = case["inputs"]
    leaf, alone = list_scores({**inputs, "lengths": [1], "scores": inputs["reward"]}, Translation())
    return leaf, replace(alone, _head=torch.tensor(inputs["value"], dtype=torch.float64)[:, None, None, None])


TRANSLATION = Translation(scores=scores, terms=lambda case: ("policy",))
