"""BCO: the shift stands among the hyper-parameters; ours is made of the first step's rewards."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench.methods._reward_shift import advance, shift, start
from benchbench.methods.bco import Hyper

from ..inputs import row_scores
from ..translation import Translation


def hyper(case):
    """Which of the two shifts the case has; they are equal where the classes are as large."""
    return {"beta": case["hyper"]["beta"], "shift": "half_means" if "half_means" in case["id"] else "pooled"}


def scores(case):
    """The rows with the sums and counts after them."""
    leaf, rows = row_scores(case["inputs"])
    ours = Hyper(**hyper(case))
    nothing = {name: torch.tensor(value, dtype=torch.float64) for name, value in start(ours).items()}
    rows = replace(rows, _carried=nothing)
    rows = replace(rows, _carried={name: value.detach() for name, value in advance(rows, ours).items()})
    assert shift(rows, ours).item() == pytest.approx(case["hyper"]["delta"], rel=1e-9)
    return leaf, rows


LEFT_OUT = {
    "bco.U6.sum_of_expectations": "The sum of the two classes' means, which is twice the mean over these rows.",
    "bco.U6.udm": "Weights of undesirable prompts are those of method bco_udm, where it is run.",
}


def per_example(values, scores, hyper):
    """Cases list the desirable responses first."""
    return values[scores.column("label").argsort(descending=True, stable=True)]


TRANSLATION = Translation(hyper=hyper, scores=scores, per_example=per_example, left_out=LEFT_OUT)
