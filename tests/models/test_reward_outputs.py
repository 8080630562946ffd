"""Heads that are more than one linear map."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.reward_objective import HIDDEN, FreeTensor, HeadSpec, Network, RewardScores
from benchbench.models.load import seeded
from benchbench.models.reward_outputs import OutputHead, joined_scores


def made(head: HeadSpec, hidden: int = 4) -> OutputHead:
    with seeded(0, "head"):
        return OutputHead(head, hidden, dtype=torch.float64, initial_std=0.02)


def test_a_network_of_one_layer_has_no_bias_and_one_of_two_begins_at_zero_bias():
    single, double = made(HeadSpec(Network(3))), made(HeadSpec(Network(3, (5,))))
    assert [tuple(p.shape) for p in single.response.parameters()] == [(3, 4)]
    assert [tuple(p.shape) for p in double.response.parameters()] == [(5, 4), (5,), (3, 5), (3,)]
    assert all(p.abs().max() == 0 for p in double.response.parameters() if p.ndim == 1)
    assert all(0 < p.std() < 0.05 for p in double.response.parameters() if p.ndim == 2)


def test_tables_begin_where_they_say_and_fitted_ones_are_no_parameters():
    tables = {
        "points": FreeTensor((50, HIDDEN), std=2.0),
        "scale": FreeTensor((1,), mean=3.0),
        "axis": FreeTensor((HIDDEN,), fitted=True),
    }
    head = made(HeadSpec(tables=tables))
    values = head.values()
    assert {name: tuple(value.shape) for name, value in values.items()} == {
        "points": (50, 4),
        "scale": (1,),
        "axis": (4,),
    }
    assert (
        1.5 < values["points"].std() < 2.5
        and values["scale"].tolist() == [3.0]
        and values["axis"].tolist() == [0.0] * 4
    )
    assert {name for name, _ in head.named_parameters() if "tables" in name} == {"tables.points", "tables.scale"}


def test_fitted_values_are_set_and_others_are_refused():
    head = made(HeadSpec(tables={"axis": FreeTensor((HIDDEN,), fitted=True)}))
    head.set_fitted({"axis": torch.arange(4.0)})
    assert head.values()["axis"].tolist() == [0.0, 1.0, 2.0, 3.0] and "fitted_axis" in head.state_dict()
    with pytest.raises(ValueError, match=r"expected values of \['axis'\], got \['other'\]"):
        head.set_fitted({"other": torch.zeros(4)})
    with pytest.raises(ValueError, match=r"expected shape \(4,\), got \(5,\)"):
        head.set_fitted({"axis": torch.zeros(5)})


def test_a_head_is_drawn_from_its_stream():
    assert torch.equal(made(HeadSpec(Network(2))).response[0].weight, made(HeadSpec(Network(2))).response[0].weight)


def test_scores_are_joined_along_the_examples():
    parts = [RewardScores(torch.full((1, 2, 1), float(i)), _column={"a": torch.tensor([i])}) for i in range(3)]
    joined = joined_scores(parts)
    assert joined.reward[:, 0].tolist() == [0.0, 1.0, 2.0] and joined.column("a").tolist() == [0, 1, 2]
    assert joined._prompt is None


@pytest.mark.parametrize(
    "wrong", [{"outputs": 0}, {"outputs": 1, "layers": (0,)}, {"outputs": 1, "activation": "none"}]
)
def test_a_network_without_width_or_activation_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Network(**wrong)
