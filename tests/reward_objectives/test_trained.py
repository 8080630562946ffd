"""Every objective on a small model: packed and padded rows, microbatches, and what is saved."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchbench import reward_objectives
from benchbench.models.reward_head import RewardModel
from benchbench.stages.reward_model.run import fit_tables
from benchbench.training.objective import RewardModelObjective
from tests.training.toys import model

from .models import batch, given, reward_model
from .toys import named

NAMES = reward_objectives.names()


def gradients(objective, hyper, parts, *, total: int) -> dict[str, torch.Tensor]:
    """Name -> gradient of everything that is trained, over the microbatches of one step."""
    made = reward_model(objective, hyper)
    made.backbone.requires_grad_(made.spec.trains_backbone)
    for rows in parts:
        terms, _ = RewardModelObjective(made, 0.0)(batch(objective, hyper, rows))
        loss = sum(term.values.sum() for term in terms.values()) / total
        loss.backward()
    return {name: p.grad for name, p in made.named_parameters() if p.requires_grad and p.grad is not None}


@pytest.mark.parametrize("name", NAMES)
def test_the_microbatch_changes_nothing(name):
    objective, hyper = named(name)
    rows = given(objective, hyper)
    whole = gradients(objective, hyper, [rows], total=6)
    parts = gradients(objective, hyper, [rows[:1], rows[1:3], rows[3:]], total=6)
    assert whole.keys() == parts.keys() and any(name.startswith("head") for name in whole)
    for key, gradient in whole.items():
        torch.testing.assert_close(parts[key], gradient, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "last_token"])
@pytest.mark.parametrize("name", NAMES)
def test_packed_rows_have_the_rewards_of_padded_ones(name, pooling):
    """Prompt states too: the gate of the mixture and of GPM, the points of PAL."""
    objective, hyper = named(name)
    rows = batch(objective, hyper, given(objective, hyper))
    with torch.no_grad():
        packed, padded = (reward_model(objective, hyper, packed=p, pooling=pooling)(rows) for p in (True, False))
    assert packed.shape == (6, 2)
    torch.testing.assert_close(packed, padded, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_reward_model_comes_back_bit_by_bit(tmp_path: Path, name):
    objective, hyper = named(name)
    made, rows = reward_model(objective, hyper), given(objective, hyper)
    if objective.fit is not None:
        fit_tables(made, rows, lambda part: batch(objective, hyper, part))
        assert all(buffer.abs().max() > 0 for buffer in made.head.buffers())
    made.save_head(tmp_path)
    before = torch.get_rng_state()
    again = RewardModel.load(model().base_model, tmp_path)
    assert torch.equal(torch.get_rng_state(), before), "loading draws nothing"
    assert again.objective is objective and again.hyper == hyper
    assert {n: t.dtype for n, t in again.head.state_dict().items()} == {
        n: t.dtype for n, t in made.head.state_dict().items()
    }
    with torch.no_grad():
        assert torch.equal(again(batch(objective, hyper, rows)), made(batch(objective, hyper, rows)))


@pytest.mark.parametrize("name", NAMES)
def test_terms_and_statistics_have_one_value_per_example(name):
    objective, hyper = named(name)
    made = reward_model(objective, hyper)
    terms, stats = RewardModelObjective(made, 0.0)(batch(objective, hyper, given(objective, hyper)))
    assert all(term.values.shape == (6,) and term.values.requires_grad for term in terms.values())
    assert stats.keys() == {f"rewards/{what}" for what in ("chosen", "rejected", "accuracies", "margins")}
    assert all(value.shape == (6,) and not value.requires_grad for value in stats.values())


@pytest.mark.parametrize("name", [n for n in NAMES if reward_objectives.get(n).candidates.value == "any"])
def test_four_candidates_are_trained_on_where_they_are_taken(name):
    objective, hyper = named(name)
    rows = given(objective, hyper, candidates=4)
    terms, stats = RewardModelObjective(reward_model(objective, hyper), 0.0)(batch(objective, hyper, rows))
    assert all(term.values.isfinite().all() for term in terms.values()) and stats.keys() == {"rewards/all"}


def test_the_gate_reads_the_prompt_and_not_the_response():
    """Of two examples with one prompt, the gates are equal whatever the responses."""
    objective, hyper = named("micro")
    made, rows = reward_model(objective, hyper), given(objective, hyper)
    start = rows[0].candidates[0].response[0]
    prompt = rows[0].candidates[0].tokens[:start]

    def answered(example, tokens):
        row = type(example.candidates[0])(prompt + tokens, (start, start + len(tokens)))
        return type(example)(example.id, (row, row), False, example.columns)

    pair = [answered(rows[0], (3, 4, 5)), answered(rows[1], (9, 8))]
    with torch.no_grad():
        gates = made.scores(batch(objective, hyper, pair)).prompt
    torch.testing.assert_close(gates[0], gates[1], rtol=1e-5, atol=1e-6)


def test_features_leave_the_backbone_alone():
    """Texts play no part: another backbone has the same rewards."""
    objective, hyper = named("features")
    made, rows = reward_model(objective, hyper), batch(objective, hyper, given(objective, hyper))
    with torch.no_grad():
        made.head.tables["weights"].copy_(torch.tensor([1.0, -2.0]))
        made.backbone = None
        expected = rows.columns["a"] - 2 * rows.columns["b"]
        torch.testing.assert_close(made(rows), expected)
