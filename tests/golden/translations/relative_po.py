"""Relative PO: cases give distances of prompts, which the rows of a Cholesky factor have."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..inputs import pair_scores
from ..translation import Translation


def scores(case):
    """The pairs with embeddings whose cosine distances are the case's."""
    leaf, pairs = pair_scores(case["inputs"], Translation())
    distance = torch.tensor(case["inputs"]["cosine_distance"], dtype=torch.float64)
    return leaf, replace(pairs, _prompt_embedding=torch.linalg.cholesky(1 - distance))


TRANSLATION = Translation(renamed={"tau_d": "distance_temperature"}, scores=scores)
