"""TPO on triples: the gold response stands first; where a case has none, one of one token and no weight does."""

from __future__ import annotations

from benchbench.core.scores import Scores

from ..inputs import beside, further, pair_scores
from ..translation import Translation


def hyper(case):
    """A case without alpha is the preference term alone."""
    loss_type = "hinge" if "hinge" in case["variant"] else "sigmoid"
    return {"alpha": 0.0, "loss_type": loss_type, **case["hyper"]}


def scores(case):
    """The gold response before the pair."""
    inputs = case["inputs"]
    leaf, of_pair = pair_scores(inputs, Translation())
    gold = inputs.get("gold_token_logps", [[-1.0]] * len(inputs["chosen_len"]))
    return leaf, Scores(beside(further(gold), of_pair.policy))


TRANSLATION = Translation(
    hyper=hyper,
    scores=scores,
    left_out={"tpo_triple.B.tpo-l": "the length-normalised form is method tpo_triple_l, which runs this case"},
)
