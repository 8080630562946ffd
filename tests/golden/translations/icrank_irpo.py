"""IRPO of in-context ranking: items of one token each; the values per item are a test of their own."""

from __future__ import annotations

import torch

from benchbench.core.scores import Scores

from ..inputs import further
from ..translation import Translation


def scores(case):
    """One list whose items are numbered from 2, with a reference that is sure of every token."""
    ratios = case["inputs"]["item_logratio"]
    policy, reference = further([ratios]), further([[0.0] * len(ratios)])
    numbers = torch.arange(2.0, 2.0 + len(ratios), dtype=torch.float64)[None, None]
    relevance = further([case["inputs"]["relevance"]]).token
    return policy.token, Scores(policy, reference, _token_weights={"item": numbers, "relevance": relevance})


TRANSLATION = Translation(
    scores=scores,
    left_out={"icrank_irpo.N3": "has values per item of one list; tests/methods/test_icrank_irpo.py has them all"},
)
