"""DPO with rationales: the case has the form of the authors' code, and the rationale's sum."""

from __future__ import annotations

from benchbench.core.scores import Scores

from ..inputs import beside, further, pair_scores
from ..translation import Translation


def hyper(case):
    """The code's form."""
    return {**case["hyper"], "rationale_term": "logsigmoid"}


def scores(case):
    """The rationale after the pair; its reference is not read."""
    leaf, pair = pair_scores(case["inputs"], Translation())
    rationale = further([case["inputs"]["rationale_logp_sum"]])
    return leaf, Scores(beside(pair.policy, rationale), beside(pair.reference, rationale))


TRANSLATION = Translation(hyper=hyper, scores=scores)
