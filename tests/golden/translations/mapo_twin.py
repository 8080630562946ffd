"""MaPO in text: the case is the margin term alone, on denoising losses instead of likelihoods per token."""

from __future__ import annotations

import torch

from benchbench.core.scores import Logps, Scores

from ..inputs import numbers
from ..translation import Translation


def scores(case):
    """Responses of one token whose negative log-likelihood is the denoising loss."""
    losses = numbers(case["inputs"]["l_chosen"], case["inputs"]["l_rejected"])
    leaf = (-losses).requires_grad_()
    return leaf, Scores(Logps(leaf[..., None], torch.ones((*leaf.shape, 1), dtype=torch.bool)))


TRANSLATION = Translation(names=("mapo_diffusion",), scores=scores, terms=lambda case: ("margin",))
