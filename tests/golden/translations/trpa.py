"""TRPA: a pair whose chosen response has level 1, and all pairs of two levels of a group."""

from __future__ import annotations

import torch

from benchbench.core.scores import Logps, Scores

from ..inputs import pair_scores
from ..translation import Translation


def grouped(case):
    """The pairs of a group as examples of one token each; the leaf is the group's means."""
    inputs = case["inputs"]
    leaf = torch.tensor(inputs["policy_logp_mean"], dtype=torch.float64, requires_grad=True)
    reference = torch.tensor(inputs["reference_logp_mean"], dtype=torch.float64)
    level = torch.tensor(inputs["level"], dtype=torch.float64)
    better, worse = torch.where(level[:, None] < level)
    pairs = torch.stack([better, worse], dim=-1)  # [pairs, 2]
    response = torch.ones((*pairs.shape, 1), dtype=torch.bool)
    policy, anchor = (Logps(mean[pairs][..., None], response) for mean in (leaf, reference))
    return leaf, Scores(policy, anchor, None, {"level": level[pairs]})


def scores(case):
    """A group, or one pair of levels 1 and 2."""
    if "level" in case["inputs"]:
        return grouped(case)
    inputs = {**case["inputs"], "level_chosen": [1], "level_rejected": [2]}
    return pair_scores(inputs, Translation(columns={"level": ("level_chosen", "level_rejected")}))


TRANSLATION = Translation(scores=scores)
