"""PMPO: the two responses of a pair as rows, the chosen one accepted."""

from __future__ import annotations

import torch

from benchbench.core.scores import Logps, Scores

from ..inputs import distribution_scores
from ..translation import Translation


def scores(case):
    """Two rows with their divergences."""
    leaf, both = distribution_scores(case, "reference_first")
    policy = Logps(both.policy.token.transpose(0, 1), both.policy.response.transpose(0, 1))
    label = torch.tensor([1.0, 0.0], dtype=torch.float64)
    return leaf, Scores(policy, None, None, {"label": label}, _distribution=both.distribution.transpose(0, 1))


TRANSLATION = Translation(scores=scores)
