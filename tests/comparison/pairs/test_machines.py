"""Rows of different engines and devices, and rows that rest on such stages, are refused by name or marked."""

from __future__ import annotations

import dataclasses

import pytest

from benchbench.comparison.pairs.grid import Admission, make_grid
from benchbench.comparison.pairs.machines import ON_REQUEST
from benchbench.core.errors import BenchError

from ..rows import toy_cells


@pytest.fixture
def cells():
    return toy_cells({"dpo": 0.1, "simpo": 0.3, "sft": 0.0}, n=6)


def on(cells, label, **devices):
    """Cells of a label that rest on these stages, by role."""
    return [dataclasses.replace(c, devices=devices) if c.label == label else c for c in cells]


def test_rows_that_rest_on_stages_of_different_devices_are_refused_by_the_names_of_the_stages(cells):
    """All were scored on the CPU, but one policy was trained on a card, and so were the stages it goes back to."""
    other = on(cells, "dpo", policy={"preference/d1": "cpu", "sft/s1": "cpu"}, reference={"score/r": "cpu"})
    other = on(other, "simpo", policy={"preference/p2": "cuda", "sft/s1": "cpu"}, reference={"score/r": "cpu"})
    with pytest.raises(BenchError) as refused:
        make_grid(other, baseline="dpo")
    assert str(refused.value).splitlines() == [
        "comparison: 2 problems",
        f"  dpo: its policy rests on stages that ran on cpu (preference/d1, sft/s1); {ON_REQUEST}",
        f"  simpo: its policy rests on stages that ran on cpu (sft/s1) and cuda (preference/p2); {ON_REQUEST}",
    ]
    marks = make_grid(other, baseline="dpo", admission=Admission(allow_mixed=True)).marks
    assert marks["dpo"] == ("policy from cpu",)
    assert marks["simpo"] == ("policy from cpu and cuda",)


def test_rows_that_rest_on_the_same_devices_need_not_rest_on_the_same_stages(cells):
    """The base model as it is has no policy stage; all that were trained were trained on cards."""
    other = on(on(cells, "dpo", policy={"sft/1": "cuda"}), "simpo", policy={"preference/2": "cuda", "sft/1": "cuda"})
    assert make_grid(other, baseline="dpo").marks["simpo"] == ()


def test_of_many_stages_of_one_device_some_are_named(cells):
    many = {f"sft/{number}": "cpu" for number in range(5)}
    other = on(on(cells, "dpo", policy=many), "simpo", policy={"sft/9": "cuda"})
    with pytest.raises(BenchError, match=r"ran on cpu \(sft/0, sft/1, sft/2, \.\.\.\); "):
        make_grid(other, baseline="dpo")
