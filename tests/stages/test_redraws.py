"""Rounds that answer the prompts with the lowest rewards anew (OPTune), and keep the rows of the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchbench.commands.compare.ledger.measured import measured_row
from benchbench.commands.compare.ledger.planned import planned_row
from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message
from benchbench.core.rollout import Group, Labels, RolloutResponse
from benchbench.stages.rollout.latest import lowest_rated, mean_score
from benchbench.store.prepared import read_prepared
from tests.stages.rounds import DRAW, World, world


def rounds(redraw: float, order: str = "same", oracle: str = "{name: gold}") -> str:
    """Two rounds on the same four prompts."""
    prompts = f"{{split: train, per_round: 4, order: {order}, redraw: {redraw}}}"
    sampler = f"{{name: policy, num_samples: 3, {DRAW}}}"
    selector = "{name: best_worst, options: {ties: keep, cut: keep}, columns: {weight: score_gap}}"
    return f"rounds={{count: 2, prompts: {prompts}, sampler: {sampler}, oracle: {oracle}, selector: {selector}}}"


def test_the_lowest_ratings_come_first_and_unknown_ones_before_them():
    """Means 1, 0.5 (of one known score), -1; the fourth was never rated."""
    examples = [Example(name, (Message("user", name),), ("",)) for name in "abcd"]
    response = RolloutResponse((1,), 2, "stop", "policy", "x")
    groups = [Group(name, 1, (1,), (), (response, response)) for name in "abc"]
    labels = [Labels(scores=(0.0, 2.0)), Labels(scores=(0.5, None)), Labels(scores=(-1.0, -1.0))]
    ratings = {group.example: mean_score(group, said) for group, said in zip(groups, labels, strict=True)}
    assert ratings == {"a": 1.0, "b": 0.5, "c": -1.0}
    assert [example.id for example in lowest_rated(examples, ratings, 3)] == ["b", "c", "d"]
    assert mean_score(groups[0], None) < -1e300


def test_a_share_of_prompts_is_answered_anew_the_rest_keeps_its_rows_and_the_ledger_counts_what_was_drawn(
    tmp_path: Path,
):
    trained = world(tmp_path, rounds(0.5), "preference.max_steps=1", "sft.max_steps=1", target="weighted_dpo")
    assert set(trained.run().values()) == {"done"}
    first, second = trained.cell.rounds
    groups = [_lines(trained, key) for key in (first.rollout, second.rollout)]
    assert [len(of_round) for of_round in groups] == [4, 2]
    assert {group["round"] for group in groups[1]} == {2}
    means = [sum(label["scores"]) / 3 for label in _lines(trained, first.label)]
    lowest = sorted(range(4), key=lambda place: means[place])[:2]
    assert [group["id"] for group in groups[1]] == [groups[0][place]["id"] for place in sorted(lowest)]
    answered = {group["id"] for group in groups[1]}
    unanswered = [row for row in trained.rows(1) if row["id"].split(" r1")[0] not in answered]
    assert [row for row in trained.rows(2) if row["round"] == 1] == unanswered != []
    row = measured_row(trained.cell, trained.plan, trained.store, 0.0)
    prepared = read_prepared(trained.store.root, trained.cell.data)
    assert prepared is not None
    planned = planned_row(trained.cell, trained.plan, {trained.cell.data: prepared.shapes})
    assert row.responses == planned.responses == (4 + 2) * 3
    assert row.labels_oracle["gold"].number == 6 * 3 and row.prompts == 4


def test_a_share_of_one_is_full_regeneration(tmp_path: Path):
    whole = world(tmp_path, rounds(1.0), target="weighted_dpo")
    plain = world(tmp_path, rounds(1.0).replace(", redraw: 1.0", ""), target="weighted_dpo")
    assert list(whole.plan.stages) == list(plain.plan.stages)


def test_what_does_not_go_with_it_is_refused_at_once(tmp_path: Path):
    with pytest.raises(BenchError) as refused:
        world(tmp_path, rounds(0.5, order="disjoint", oracle="{name: none}"), target="weighted_dpo")
    assert "expected same, of which rounds.prompts.redraw 0.5 answers some again" in str(refused.value)
    assert "'none' rates nothing, by which rounds.prompts.redraw 0.5 chooses prompts" in str(refused.value)


def _lines(trained: World, key: str | None) -> list[dict[str, object]]:
    text = (trained.store.folder(str(key)) / "examples" / "train.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
