"""BCO with UDM: the cases of BCO; where one gives no probabilities of prompts, those at which every weight is 1."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..translation import Translation
from . import bco

EQUAL = (1 + 1e-8) / 2
"""p / (1 - p + 1e-8) is 1 here."""


def scores(case):
    """The rows; undesirable ones have the case's probabilities, in its order."""
    leaf, rows = bco.scores(case)
    label = rows.column("label")
    given = case["inputs"].get("p_desirable_of_undesirable_rows")
    share = torch.full_like(label, EQUAL)
    if given is not None:
        share[label == 0] = torch.tensor(given, dtype=torch.float64)
    return leaf, replace(rows, _prompt_class=share)


TRANSLATION = Translation(
    names=("bco",),
    hyper=bco.hyper,
    scores=scores,
    per_example=bco.per_example,
    left_out={name: why for name, why in bco.LEFT_OUT.items() if name != "bco.U6.udm"},
)
