"""SparsePO: given masks, which a rectifier leaves as they are, and no penalty."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..inputs import SIDES, distribution_scores, padded
from ..translation import Translation


def scores(case):
    """The pair with its divergences and the two masks of each token."""
    leaf, both = distribution_scores(case, "reference_first")
    masks = [
        padded([[case["inputs"][f"mask_{kind}_{side}"] for side in SIDES]], both.policy.response) for kind in ("u", "d")
    ]
    return leaf, replace(both, _head=torch.stack(masks, dim=-1))


TRANSLATION = Translation(hyper=lambda case: {**case["hyper"], "rw_kl_independent": True}, scores=scores)
