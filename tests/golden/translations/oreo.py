"""OREO: log-ratios and values by token; a case is the value's loss or the policy's."""

from __future__ import annotations

import torch

from benchbench.core.scores import Scores

from ..inputs import further
from ..translation import Translation


def scores(case):
    """One response whose reference is sure of every token, and no divergence."""
    inputs = case["inputs"]
    policy, value = further([inputs["policy_ref_token_logratio"]]), further([inputs["value"]]).token
    reference = further([[0.0] * len(inputs["value"])])
    reward = torch.tensor([[float(inputs["reward"])]], dtype=torch.float64)
    made = Scores(policy, reference, reward, _distribution=torch.zeros_like(value), _head=value[..., None])
    return policy.token, made


TRANSLATION = Translation(scores=scores, terms=lambda case: (case["id"].split(".")[1],))
