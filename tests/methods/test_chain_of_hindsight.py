"""Chain of hindsight."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.example import MASK
from benchbench.core.method import Candidates
from benchbench.methods.chain_of_hindsight import METHOD, Hyper, loss
from tests.transforms.toys import pair, transformed

from .toys import of_step, random_scores, tokens


def test_it_is_the_loss_of_sft():
    scores, sft = random_scores(METHOD), methods.get("sft")
    expected, mine = sft.loss(scores, sft.hyper())["nll"], loss(scores, Hyper())["nll"]
    assert mine.over is expected.over and METHOD.candidates is Candidates.ONE
    torch.testing.assert_close(mine.values, expected.values)


def test_by_hand():
    """Mean over the three tokens of -1, -3 and -5, whichever of the two responses they are of."""
    scores = random_scores(METHOD, policy=tokens([-1.0, -3.0, -5.0]), examples=1)
    assert of_step(loss(scores, Hyper()), scores.policy).item() == 3.0


@pytest.mark.parametrize("order", ["better_first", "worse_first"])
def test_its_text_scores_both_responses_and_no_phrase(order: str):
    """What is not masked is the two responses, each once."""
    (become,), _ = transformed("hindsight", [pair("x")], order=order)
    (text,), (holes,) = become.candidates, become.spans[MASK]
    starts = [0, *(hole.end for hole in holes)]
    ends = [*(hole.start for hole in holes), len(text)]
    parts = [text[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
    assert parts == (["good", "bad"] if order == "better_first" else ["bad", "good"])
