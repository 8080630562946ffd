"""IRPO of in-context ranking: one list whose items are of one token each; the case has a value per item."""

from __future__ import annotations

from dataclasses import replace

import torch

from benchbench.core.scores import Scores
from benchbench.methods.icrank_irpo import loss

from ..inputs import further
from ..translation import Translation


def scores(case):
    """One list whose items are numbered from 2, with a reference that is sure of every token."""
    ratios = case["inputs"]["item_logratio"]
    policy, reference = further([ratios]), further([[0.0] * len(ratios)])
    numbers = torch.arange(2.0, 2.0 + len(ratios), dtype=torch.float64)[None, None]
    relevance = further([case["inputs"]["relevance"]]).token
    return policy.token, Scores(policy, reference, _token_weights={"item": numbers, "relevance": relevance})


def per_example(values, scores, hyper):
    """Each item's loss: that of the list in which it alone is relevant, which is a mean over the items."""
    spans, count = scores._token_weights, scores.policy.token.shape[-1]
    alone = [{**spans, "relevance": spans["relevance"] * torch.eye(count)[item]} for item in range(count)]
    return torch.cat([count * loss(replace(scores, _token_weights=weights), hyper) for weights in alone])


TRANSLATION = Translation(scores=scores, per_example=per_example)
