"""DDO-RM: lists of mean log-probabilities and rewards, and gradients with respect to the means."""

from __future__ import annotations

import torch

from benchbench.core.scores import Logps, Scores

from ..translation import Translation


def scores(case):
    """[B, K] leaf of means, over responses of one to three tokens."""
    inputs = case["inputs"]
    mean = torch.tensor(inputs["scores"], dtype=torch.float64)
    mean = (mean if mean.ndim == 2 else mean[None]).requires_grad_()
    lengths = 1 + torch.arange(mean.shape[1]) % 3
    response = (torch.arange(3) < lengths[:, None]).expand(*mean.shape, 3)
    rewards = torch.tensor(inputs["rewards"], dtype=torch.float64).reshape(mean.shape)
    return mean, Scores(Logps(torch.where(response, mean[..., None], 0.0), response), None, rewards)


TRANSLATION = Translation(scores=scores)
