"""OREO on steps: the cases by token, with a step for each token."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..translation import Translation
from . import oreo


def scores(case):
    """The same scores with steps 1, 2, ..."""
    leaf, of_tokens = oreo.scores(case)
    steps = torch.arange(1.0, 1.0 + leaf.shape[-1], dtype=torch.float64)[None, None]
    return leaf, replace(of_tokens, _token_weights={"step": steps})


TRANSLATION = Translation(names=("oreo",), scores=scores, terms=oreo.TRANSLATION.terms)
