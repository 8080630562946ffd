"""BMC: the weights `unchanged` are 1 less the masks of the changed tokens."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import SIDES, padded, pair_scores
from ..translation import Translation


def hyper(case):
    """The released code weighs the reference by its own probabilities."""
    return {**case["hyper"], "reference_weights": "own" if "released" in case["variant"] else "shared"}


def scores(case):
    """The pair with its masks."""
    leaf, pair = pair_scores(case["inputs"], Translation())
    masks = [case["inputs"][f"diff_mask_{side}"][0] for side in SIDES]
    return leaf, replace(pair, _token_weights={"unchanged": 1 - padded([masks], pair.policy.response)})


TRANSLATION = Translation(hyper=hyper, scores=scores)
