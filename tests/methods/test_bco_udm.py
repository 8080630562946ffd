"""BCO with weights of undesirable prompts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.contract.scores import random_scores
from benchbench.methods import bco
from benchbench.methods.bco_udm import Hyper, loss, weight


def test_the_weight_is_a_ratio_within_its_range_and_of_undesirable_responses_alone():
    """P of 3/4 and 1/5 are ratios of 3 and 1/4, which is below the smallest weight."""
    hyper, scores = Hyper(), random_scores(methods.get("bco_udm"), examples=4)
    shares = torch.tensor([0.75, 0.2, 1.0, 0.75], dtype=torch.float64)
    label = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64)
    scores = replace(scores, _prompt_class=shares, _column={"label": label})
    assert weight(scores, hyper).tolist() == pytest.approx([3, 0.5, 10, 3], rel=1e-7)
    times = loss(scores, hyper) / bco.loss(scores, bco.Hyper())
    assert times.tolist() == pytest.approx([3, 0.5, 10, 1], rel=1e-7)


def test_a_range_that_holds_no_weight_is_refused():
    with pytest.raises(ValueError, match=r"at least min_density_ratio \(0.5\), got 0.1"):
        Hyper(max_density_ratio=0.1)
