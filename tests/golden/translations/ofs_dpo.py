"""OFS-DPO: the term between the two copies, by their log-ratios to one reference."""

from __future__ import annotations

import torch

from benchbench.core.scores import Logps, Scores

from ..inputs import SIDES, numbers
from ..translation import Translation


def scores(case):
    """One token per response, the reference at zero, the policy in the fast role."""
    leaf, slow = (
        numbers(*(case["inputs"][f"{role}_logratio_{side}"] for side in SIDES))[..., None] for role in ("fast", "slow")
    )
    leaf.requires_grad_()
    response = torch.ones_like(leaf, dtype=torch.bool)
    still = Logps(torch.zeros_like(slow), response)
    role = {"policy_is_fast": torch.tensor(1.0, dtype=torch.float64)}
    return leaf, Scores(Logps(leaf, response), still, _rival=slow, _carried=role)


TRANSLATION = Translation(
    hyper=lambda case: {**case["hyper"], "alpha": 1.0}, scores=scores, terms=lambda case: ("ahead",)
)
