"""Carried numbers: present values, those of the next step, and what a step tried again starts from."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from benchbench.core.method import Carried
from benchbench.core.scores import Scores
from benchbench.training.carried import CarriedNumbers
from tests.methods.toys import random_logps

IDS = ("a", "b", "c")


def counting(*, when="before_loss", **changes):
    """A number that grows by one a step and one per example that grows by two at each visit."""
    carried = Carried(
        start=lambda hyper: {"steps": hyper.start, "visits": 0.0},
        advance=lambda scores, hyper: {"steps": scores.carried("steps") + 1, "visits": scores.carried("visits") + 2},
        per_example=frozenset({"visits"}),
        when=when,
    )
    return CarriedNumbers(
        carried, SimpleNamespace(start=5.0), IDS, dtype=torch.float64, device=torch.device("cpu"), **changes
    )


def advanced(numbers, ids):
    """What the loss of a step over these examples reads."""
    scores = Scores(random_logps(0, examples=len(ids)), _carried=numbers.of(ids))
    return {name: value.tolist() for name, value in numbers.advanced(scores, SimpleNamespace(start=5.0), ids).items()}


def test_a_loss_reads_the_advanced_numbers_or_those_before():
    assert advanced(counting(), ("c", "a")) == {"steps": 6.0, "visits": [2.0, 2.0]}
    assert advanced(counting(when="after_step"), ("c", "a")) == {"steps": 5.0, "visits": [0.0, 0.0]}


def test_a_step_that_is_tried_again_advances_once():
    numbers = counting()
    first = advanced(numbers, ("a",))
    assert advanced(numbers, ("a",)) == first
    numbers.end_step(1, None)
    assert numbers.of(("b", "a"))["visits"].tolist() == [0.0, 2.0] and numbers.of(())["steps"].item() == 6


def test_a_checkpoint_brings_them_back():
    numbers = counting()
    advanced(numbers, ("b",))
    numbers.end_step(1, None)
    other = counting()
    other.restore(numbers.state())
    assert {k: v.tolist() for k, v in other.state().items()} == {"steps": 6.0, "visits": [0.0, 2.0, 0.0]}


def test_other_numbers_than_it_starts_with_are_refused():
    carried = Carried(start=lambda hyper: {"one": 0.0}, advance=lambda scores, hyper: {"two": torch.zeros(())})
    numbers = CarriedNumbers(carried, None, IDS, dtype=torch.float64, device=torch.device("cpu"))
    with pytest.raises(ValueError, match=r"expected next values of \['one'\], got \['two'\]"):
        numbers.advanced(Scores(random_logps(0)), None, IDS)
