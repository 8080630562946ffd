"""Target-DPO: the weights `unchanged` are 1 less the mask of the rejected response's erroneous tokens."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import padded, pair_scores
from ..translation import Translation


def scores(case):
    """The pair with its mask; the chosen response counts whole, whatever it says there."""
    leaf, pair = pair_scores(case["inputs"], Translation())
    (wrong,) = case["inputs"]["diff_mask_rejected"]
    masks = [[0] * case["inputs"]["chosen_len"][0], wrong]
    return leaf, replace(pair, _token_weights={"unchanged": 1 - padded([masks], pair.policy.response)})


TRANSLATION = Translation(scores=scores)
