"""Rounds: a policy trained on what policies drew, from the first prompt to the last weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness import execute

from benchbench import judges, selectors
from benchbench.commands.compare.ledger.measured import measured_row
from benchbench.commands.compare.ledger.planned import planned_row
from benchbench.core.errors import BenchError
from benchbench.core.judge import Contest, JudgeContext, Verdict
from benchbench.core.rollout import Group, Labels
from benchbench.core.selector import Selection
from benchbench.generation.transformers_engine import TransformersEngine
from benchbench.stages.label import run as label_run
from benchbench.store.prepared import read_prepared
from tests.stages.rounds import DRAW, ON_DATA, drawn, stopping_after, world

BESIDE = f"online={{sampler: {{name: policy, num_samples: 2, {DRAW}}}}}"


@pytest.mark.parametrize(("target", "sets"), [("dpo", ()), ("hypo_online_kl", (BESIDE, "method.hyper.kl_weight=0"))])
def test_a_round_on_the_pairs_of_the_split_is_offline_training_bit_for_bit(
    tmp_path: Path, target: str, sets: Sequence[str]
):
    """Draws beside the rows are named by the row, so a round's are others; without weight they move nothing."""
    offline = world(tmp_path / "offline", *sets, target=target, runs="../runs")
    in_a_round = world(tmp_path / "round", ON_DATA, *sets, target=target, runs="../runs")
    assert set(offline.run().values()) == set(in_a_round.run().values()) == {"done"}
    assert offline.cell.policy != in_a_round.cell.policy
    assert offline.weights(offline.cell.policy) == in_a_round.weights(in_a_round.cell.policy)


def test_rows_of_rounds_have_draws_beside_them_that_are_counted_with_theirs(tmp_path: Path):
    """3 responses to each of 8 prompts in the round, and 2 beside each row of two steps of 4 at most."""
    sets = (drawn(count=1), BESIDE, "preference.max_steps=2")
    hybrid = world(tmp_path, *sets, target="hypo_online_kl")
    assert set(hybrid.run().values()) == {"done"}
    row = measured_row(hybrid.cell, hybrid.plan, hybrid.store, 0.0)
    record = hybrid.store.record(hybrid.cell.policy or "")
    assert record is not None and 8 < record.summary["online"]["responses"] <= 2 * 2 * 4
    assert (row.source, row.responses) == ("rounds", 8 * 3 + record.summary["online"]["responses"])
    prepared = read_prepared(hybrid.store.root, hybrid.cell.data)
    assert prepared is not None
    shapes = {hybrid.cell.data: prepared.shapes}
    assert planned_row(hybrid.cell, hybrid.plan, shapes).responses == 8 * 3 + 2 * 2 * 4
    with pytest.raises(BenchError, match="expected rounds or online, got both"):
        world(tmp_path / "other", *sets, target="rloo")


def test_rounds_draw_label_select_and_train_in_turn(tmp_path: Path):
    made = world(tmp_path, drawn())
    assert set(made.run().values()) == {"done"}
    first, second = made.cell.rounds
    assert made.cell.policy == second.policy
    assert made.plan.stages[second.rollout].inputs == {"policy": first.policy}
    for number in (1, 2):
        rows = made.rows(number)
        assert rows and all(row["round"] == number and len(row["candidates"]) == 2 for row in rows)
        assert all(row["columns"]["score"][0] >= row["columns"]["score"][1] for row in rows)
    prompts = [{row["id"].split(" ")[0] for row in made.rows(number)} for number in (1, 2)]
    assert not prompts[0] & prompts[1], "disjoint prompts"
    assert not list(made.store.root.rglob("parts")), "parts are gone when a stage is done"
    again = made.store.record(second.policy)
    assert made.run() and made.store.record(second.policy) == again, "a second run executes nothing"


def test_a_round_that_was_stopped_anywhere_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(label_run, "GROUPS_IN_A_PART", 2)
    parts = "generate.max_num_seqs=2"
    whole, stopped = (
        world(tmp_path / name, drawn(count=1), parts, "preference.max_steps=4") for name in ("whole", "stopped")
    )
    assert set(whole.run().values()) == {"done"}
    (keys,) = stopped.cell.rounds
    interrupted = 0
    for key, spec in stopped.plan.stages.items():
        for looks in (1, 1) if key in (keys.rollout, keys.label, keys.policy) else ():
            record = execute(spec, stopped.store, should_stop=stopping_after(looks))
            assert record.status == "interrupted", (spec.title, record)
            interrupted += 1
        assert execute(spec, stopped.store).status == "done"
    assert interrupted == 6
    for key in (keys.rollout, keys.label, keys.select):
        split = "examples/train.jsonl"
        assert (whole.store.folder(key) / split).read_bytes() == (stopped.store.folder(key) / split).read_bytes()
    assert whole.weights(keys.policy) == stopped.weights(keys.policy)


def test_replayed_rows_stand_behind_the_rounds_own(tmp_path: Path):
    replayed = world(tmp_path, drawn(count=2, more="replay: {rounds: 1}, start: sft", per_round=5))
    assert set(replayed.run().values()) == {"done"}
    first, second = replayed.rows(1), replayed.rows(2)
    assert [row["round"] for row in second] == [2] * (len(second) - len(first)) + [1] * len(first)
    assert second[-len(first) :] == first
    spec = replayed.plan.stages[str(replayed.cell.policy)]
    assert spec.inputs["policy"].startswith("sft/"), "start: sft begins at the SFT policy again"
    read = replayed.store.record(str(replayed.cell.policy)).summary["read"]
    made = replayed.store.record(replayed.cell.rounds[1].select).summary["content"]
    assert read["data"] == made, "a reader records what it read"


def test_a_round_without_rows_keeps_its_policy_or_fails(tmp_path: Path):
    nothing = "{name: best_worst, options: {min_gap: 1000.0}}"
    empty = world(tmp_path / "empty", drawn(count=2, selector=nothing, per_round=4), "preference.reference=previous")
    assert set(empty.run().values()) == {"done"}
    sft = next(key for key in empty.plan.stages if key.startswith("sft/"))
    assert empty.weights(empty.cell.policy) == empty.weights(sft)
    summary = empty.store.record(empty.cell.rounds[0].select).summary
    assert summary["rows"] == 0 and sum(summary["dropped"].values()) == 4
    beside = world(tmp_path / "empty", drawn(count=1, selector=nothing, per_round=4), BESIDE, target="hypo_online_kl")
    assert set(beside.run().values()) == {"done"} and beside.weights(beside.cell.policy) == beside.weights(sft)
    demanding = world(tmp_path / "fail", drawn(count=1, selector=nothing, per_round=4, more="on_empty: fail"))
    with pytest.raises(AssertionError, match="expected rows to train on, found none: [1-4] groups: "):
        demanding.run()


def test_a_round_without_rows_keeps_the_policy_that_drew_them_wherever_training_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    best_worst = selectors.get("best_worst")

    def select(options: Any, groups: Sequence[Group], labels: Sequence[Labels | None], draws: Any) -> Selection:
        if groups[0].round == 1:
            return best_worst.select(options, groups, labels, draws)
        return Selection([()] * len(groups), {"all": len(groups)})

    monkeypatch.setattr(selectors, "get", lambda name: replace(best_worst, select=select))
    made = world(tmp_path, drawn(more="start: sft"))
    assert set(made.run().values()) == {"done"}
    first, second = made.cell.rounds
    assert made.store.record(str(second.policy)).summary["kept_policy"]
    assert made.weights(second.policy) == made.weights(first.policy)
    assert made.weights(first.policy) != made.weights(made.plan.stages[first.policy].inputs["policy"])


@pytest.mark.parametrize(
    ("sampler", "oracle"),
    [
        ("name: nash_mixture, num_samples: 2", "{name: annotator}"),
        ("name: history, num_samples: 4, options: {last: 2}", "{name: implicit}"),
        ("name: policy, num_samples: 2", "{name: reward_stage}"),
    ],
)
def test_models_that_samplers_and_oracles_hold_are_there(tmp_path: Path, sampler: str, oracle: str):
    made = world(tmp_path, drawn(count=2, sampler=sampler, oracle=oracle, per_round=4))
    assert set(made.run().values()) == {"done"}
    first, second = made.cell.rounds
    inputs = made.plan.stages[second.rollout].inputs
    sft = next(key for key in made.plan.stages if key.startswith("sft/"))
    if "nash" in sampler:
        assert inputs == {"policy": first.policy, "reference": sft}
    if "history" in sampler:
        assert inputs == {"policy": first.policy, "start_1": sft}
    assert made.store.record(str(second.label)).summary["labelled"] == 4


def test_a_policy_that_judges_itself_is_loaded_once_for_all_that_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []
    generate, load = TransformersEngine.generate, TransformersEngine.load
    monkeypatch.setattr(TransformersEngine, "load", lambda *a: (asked.append("load"), load(*a))[1])
    monkeypatch.setattr(TransformersEngine, "generate", lambda *a: (asked.append("generate"), generate(*a))[1])
    monkeypatch.setattr(label_run, "GROUPS_IN_A_PART", 2)
    made = world(tmp_path, drawn(count=1, per_round=4, oracle="{name: self_judge, options: {max_new_tokens: 2}}"))
    label = str(made.cell.rounds[0].label)
    for key in [key for key in made.plan.stages if key in made.plan.under([label])]:
        asked.clear()
        record = execute(made.plan.stages[key], made.store)
        assert record.status == "done", record.message
    assert asked == ["load", "generate", "generate"]
    assert not list(made.store.folder(label).glob("serving-*")), "what was written for the engine is gone"


def test_a_judge_that_labels_is_asked_once_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Labels that are thrown away and made again are read from the judge's cache, and are the same."""
    gold, contests = judges.get("gold"), []

    def judge(options: Any, asked_for: Sequence[Contest], context: JudgeContext) -> Iterator[tuple[int, Verdict]]:
        contests.extend(asked_for)
        return gold.judge(options, asked_for, context)

    monkeypatch.setattr(judges, "get", lambda name: replace(gold, judge=judge, asked_alone=True))
    made = world(tmp_path, drawn(count=1, oracle="{name: judge, options: {judge: gold}}"))
    assert set(made.run().values()) == {"done"}
    asked_before, label = len(contests), made.cell.rounds[0].label
    assert asked_before > 0 and list((made.store.root / "verdicts").glob("gold-*.sqlite"))
    lines = (made.store.folder(str(label)) / "examples" / "train.jsonl").read_bytes()
    shutil.rmtree(made.store.folder(str(label)))
    made.run()
    assert (made.store.folder(str(label)) / "examples" / "train.jsonl").read_bytes() == lines
    assert len(contests) == asked_before


def test_prompts_that_nothing_would_train_on_are_not_answered(tmp_path: Path):
    def groups(name: str, *sets: str) -> tuple[list[int], Any]:
        made = world(tmp_path / name, drawn(count=1), *sets)
        key = made.cell.rounds[0].rollout
        for each in [each for each in made.plan.stages if each in made.plan.under([key])]:
            assert execute(made.plan.stages[each], made.store).status == "done"
        lines = (made.store.folder(key) / "examples" / "train.jsonl").read_text(encoding="utf-8").splitlines()
        return [len(json.loads(line)["prompt"]) for line in lines], made.store.record(key).summary

    every, counts = groups("all")
    limit = max(every) - 1
    fewer, counted = groups("some", f"tokenization.max_prompt_length={limit}")
    assert counts["prompts_too_long"] == 0 and len(every) == 8
    assert fewer == [length for length in every if length <= limit] != []
    assert counted["prompts_too_long"] == len(every) - len(fewer) == 8 - counted["prompts"]


def test_cut_responses_teach_no_end(tmp_path: Path):
    """What is scored is what was drawn, with an end only where the policy ended: six tokens seldom are enough."""
    made = world(tmp_path, drawn(count=1, per_round=8))
    made.run()
    rollout = made.store.folder(made.cell.rounds[0].rollout) / "examples" / "train.jsonl"
    scored: dict[str, dict[tuple[int, ...], str]] = {}
    for group in map(json.loads, rollout.read_text().splitlines()):
        for response in group["responses"]:
            assert (response["end"] is None) == (response["finish"] != "stop")
            ids = (*response["tokens"], *([] if response["end"] is None else [response["end"]]))
            scored.setdefault(group["id"], {})[ids] = response["finish"]
    assert "length" in {finish for finishes in scored.values() for finish in finishes.values()}
    for row in made.rows(1):
        for ids in row["tokens"]["responses"]:
            assert tuple(ids) in scored[row["id"].split(" ")[0]]


def test_methods_share_the_first_round_and_part_in_the_second(tmp_path: Path):
    plans = [world(tmp_path, drawn(), target=target) for target in ("dpo", "ipo")]
    (first, second), (others_first, others_second) = (each.cell.rounds for each in plans)
    assert (first.rollout, first.label, first.select) == (
        others_first.rollout,
        others_first.label,
        others_first.select,
    )
    assert first.policy != others_first.policy and second.rollout != others_second.rollout
    finer = world(tmp_path, drawn(selector="{name: best_random}"))
    assert finer.cell.rounds[0].label == first.label and finer.cell.rounds[0].select != first.select
