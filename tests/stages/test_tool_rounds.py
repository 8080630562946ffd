"""Rounds whose policy calls a calculator: what it wrote is in the rows and is not scored, from demonstrations on."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from harness import execute
from transformers import AutoModelForCausalLM

from benchbench.comparison.win_rates.response_statistics import sample_statistics
from benchbench.core.rollout import Group
from benchbench.data.prompts import encode_prompts
from benchbench.data.rollout_json import group_of
from benchbench.data.tokenizer import read_tokenizer
from benchbench.sources.arithmetic.calculator import calculate
from benchbench.sources.arithmetic.source import ArithmeticOptions, load
from benchbench.stages.preference.shaper import Shaper
from benchbench.store.generations import read_generations
from tests.stages.rounds import World, check_rollout_in_pieces, stopping_after, world

OPTIONS = {
    "fewest_steps": 1,
    "most_steps": 1,
    "modulus": 3,
    "demonstrations": 400,
    "preference_prompts": 48,
    "validation_prompts": 8,
    "test_prompts": 8,
    "calculator": True,
}
CALCULATOR_DATA = f"data={{source: arithmetic, options: {json.dumps(OPTIONS)}}}"
LEARNS = ("sft.max_steps=100", "sft.global_batch_size=16", "sft.learning_rate=1e-2", "generate.max_num_seqs=4")
ANSWERED = ("generate.tool_calls=2", "generate.max_new_tokens=12", "tokenization.max_length=120")
PAIRS = "{name: right_wrong, options: {pairs: 2, cut: keep}}"
LABELLED = "{name: accepted_rejected, options: {cut: keep}}"
DRAW = "temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, max_new_tokens: 12"


def section(options: str = "{calls: 2}", selector: str = PAIRS, *, per_round: int = 8, count: int = 1) -> str:
    """The section of rounds whose policy calls a tool."""
    prompts = f"{{split: train, per_round: {per_round}}}"
    sampler = f"{{name: tool_calls, options: {options}, num_samples: 4, {DRAW}}}"
    oracle = "{name: verifier, options: {after: answer}}"
    return f"rounds={{count: {count}, prompts: {prompts}, sampler: {sampler}, oracle: {oracle}, selector: {selector}}}"


def calling(folder: Path, *sets: str, target: str = "dpo", runs: str = "../runs") -> World:
    sets = (CALCULATOR_DATA, *LEARNS, *ANSWERED, *sets)
    return world(folder, *sets, target=target, runs=runs, with_samples=True)


def groups(cell: World) -> list[Any]:
    """The groups of the first round's rollout."""
    text = (cell.store.folder(cell.cell.rounds[0].rollout) / "examples" / "train.jsonl").read_text(encoding="utf-8")
    return [group_of(json.loads(line)) for line in text.splitlines()]


def summary(cell: World) -> Mapping[str, Any]:
    return cell.store.record(cell.cell.rounds[0].rollout).summary


def tokenizer_of(cell: World) -> Any:
    return read_tokenizer(str(cell.store.folder(str(cell.cell.policy)) / "model"), revision=None, folder=Path())


def prompts_of(cell: World, tokenizer: Any) -> Mapping[str, tuple[int, ...]]:
    """Example -> token ids of its prompt, of the split that is answered."""
    section = cell.plan.stages[str(cell.cell.generate)].settings.tokenization
    examples = load(ArithmeticOptions(**OPTIONS), Path())["test"]
    return dict(zip((e.id for e in examples), encode_prompts(examples, tokenizer, section), strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests' stages are filed, so that they train one SFT policy together."""
    return tmp_path_factory.mktemp("tools")


@pytest.fixture(scope="module")
def pairs(folder: Path) -> World:
    cell = calling(folder / "pairs", section())
    assert set(cell.run().values()) == {"done"}
    return cell


def test_what_the_calculator_answered_stands_behind_each_call_and_is_marked(pairs: World):
    tokenizer, calls = tokenizer_of(pairs), 0
    for group in groups(pairs):
        for response in group.responses:
            begin = 0
            for start, stop in response.observed:
                call, written = (
                    tokenizer.decode(list(response.tokens[a:b])) for a, b in ((begin, start), (start, stop))
                )
                assert written.strip() == (calculate(call.strip()) or "error ."), call
                begin, calls = stop, calls + 1
            assert tokenizer.decode(list(response.tokens)).strip() == response.text
    assert calls == summary(pairs)["tool_calls"] > 8
    observed = sum(b - a for group in groups(pairs) for r in group.responses for a, b in r.observed)
    every = sum(len(r.tokens) for group in groups(pairs) for r in group.responses)
    assert summary(pairs)["generated_tokens"] == every - observed


def test_rows_keep_what_was_marked(pairs: World):
    marked = {r.scored: r.observed for group in groups(pairs) for r in group.responses}
    rows = pairs.rows(1)
    assert rows and any(any(row["tokens"]["observed"]) for row in rows if "observed" in row["tokens"])
    for row in rows:
        for place, ids in enumerate(row["tokens"]["responses"]):
            ranges = row["tokens"].get("observed", [[], []])[place]
            assert tuple(map(tuple, ranges)) == marked[tuple(ids)]


def test_without_the_mask_the_same_responses_are_scored_whole(pairs: World, folder: Path):
    control = calling(folder / "control", section("{calls: 2, mask_observations: false}"))
    key = control.cell.rounds[0].rollout
    for needed, spec in control.plan.stages.items():
        if needed.startswith("sft/") or needed == key:
            assert execute(spec, control.store).status == "done"
    drawn = [[r.tokens for group in groups(each) for r in group.responses] for each in (pairs, control)]
    assert drawn[0] == drawn[1] and key != pairs.cell.rounds[0].rollout
    assert not any(r.observed for group in groups(control) for r in group.responses)
    assert summary(control)["tool_calls"] == summary(pairs)["tool_calls"]


def test_held_out_responses_call_the_calculator_and_their_kl_leaves_out_what_it_wrote(pairs: World):
    """Each sum is that of the drawn tokens, the token that ended the response among them."""
    frame = read_generations(pairs.store.folder(str(pairs.cell.generate)))
    folder, tokenizer = pairs.store.folder(str(pairs.cell.policy)) / "model", tokenizer_of(pairs)
    policy, prompt = AutoModelForCausalLM.from_pretrained(folder).eval(), prompts_of(pairs, tokenizer)
    assert any(frame["observed"])
    for row in frame.to_dict("records"):
        begin = len(prompt[row["example"]])
        ids = [*prompt[row["example"]], *row["tokens"], *([] if row["end"] is None else [int(row["end"])])]
        with torch.no_grad():
            logps = policy(torch.tensor([ids])).logits[0].log_softmax(-1)
        written = {begin + place for start, stop in row["observed"] for place in range(start, stop)}
        scored = [float(logps[at - 1, ids[at]]) for at in range(begin, len(ids)) if at not in written]
        assert row["logp_sum"] == pytest.approx(sum(scored), abs=1e-3)
    record = pairs.store.record(str(pairs.cell.generate)).summary
    assert record["tool_calls"] == sum(len(ranges) for ranges in frame["observed"])
    shown = {statistic.name: statistic.value for statistic in sample_statistics(frame, plain=True)}
    drawn = [
        len(tokens) - sum(stop - start for start, stop in ranges)
        for tokens, ranges in zip(frame["tokens"], frame["observed"], strict=True)
    ]
    assert shown["response_tokens"] == pytest.approx(sum(drawn) / len(drawn))


def test_kto_trains_on_single_responses_of_several_turns(folder: Path):
    cell = calling(folder / "kto", section(selector=LABELLED), target="kto")
    assert set(cell.run().values()) == {"done"}
    rows = cell.rows(1)
    assert {row["columns"]["label"] for row in rows} == {0.0, 1.0}
    assert all(len(row["candidates"]) == 1 for row in rows) and any("observed" in row["tokens"] for row in rows)
    sft = next(key for key in cell.plan.stages if key.startswith("sft/"))
    assert cell.weights(cell.cell.policy) != cell.weights(sft)


def test_the_splits_own_candidates_keep_their_masks_beside_draws(folder: Path):
    cell = calling(folder / "beside", section(selector="{name: right_wrong, options: {data: right, cut: keep}}"))
    key = cell.cell.rounds[0].rollout
    for needed, spec in cell.plan.stages.items():
        if needed.startswith("sft/") or needed == key:
            assert execute(spec, cell.store).status == "done"
    sft = next(each for each in cell.plan.stages if each.startswith("sft/"))
    tokenizer = read_tokenizer(str(cell.store.folder(sft) / "model"), revision=None, folder=Path())
    for group in groups(cell):
        (demonstration,) = [response for response in group.responses if response.source == "data"]
        ((start, stop),) = demonstration.observed
        call = tokenizer.decode(list(demonstration.tokens[:start])).strip()
        assert tokenizer.decode(list(demonstration.tokens[start:stop])).strip() == calculate(call)


def test_a_rollout_that_was_stopped_goes_on_to_the_same_bytes(folder: Path, tmp_path: Path):
    whole = calling(folder / "whole", section(per_round=12))
    stopped = calling(folder / "whole", section(per_round=12), runs=str(tmp_path / "runs"))
    check_rollout_in_pieces(whole, stopped)
    assert summary(whole)["tool_calls"] == summary(stopped)["tool_calls"] > 0
    assert summary(whole)["generated_tokens"] == summary(stopped)["generated_tokens"]


def test_a_policy_calls_the_calculator_while_it_is_trained_and_a_right_answer_of_fewer_calls_is_worth_more(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """By hand: sin of pi m / (m + n) for m calls, n the fewest of a right answer, 1 where both are 0."""
    online = f"online={{sampler: {{name: tool_calls, options: {{calls: 2}}, num_samples: 4, {DRAW}}}, "
    online += "oracle: {name: counted_calls, options: {after: answer}}, shaping: {name: otc}, steps_per_generation: 2}"
    sets, seen = (online, "preference.max_steps=3", "reward_model.split=train"), []
    shaped = Shaper.shaped

    def recorded(self: Shaper, groups: Sequence[Group], *rest: Any) -> Any:
        seen.append((groups, shaped(self, groups, *rest)))
        return seen[-1][1]

    monkeypatch.setattr(Shaper, "shaped", recorded)
    straight = calling(folder / "online", *sets, target="grpo")
    stopped = calling(folder / "online", *sets, target="grpo", runs=str(tmp_path / "runs"))
    before = straight.plan.under([str(straight.cell.policy)])
    for key in [key for key in straight.plan.stages if key in before]:
        record = execute(straight.plan.stages[key], straight.store)
        assert record.status == "done", record.message
    groups = [group for every, _ in seen for group in every]
    rewards = [label.scores for _, made in seen for label in made.labels]
    for group, scores in zip(groups, rewards, strict=True):
        calls = [len(response.observed) for response in group.responses]
        right = [
            f"answer {int(group.columns['answer'])} ." in each.text and not each.is_cut for each in group.responses
        ]
        fewest = min([m for m, is_right in zip(calls, right, strict=True) if is_right], default=0)
        worth = [math.sin(math.pi * m / (m + fewest)) if fewest else math.cos(math.pi * m / (2 * m + 1)) for m in calls]
        assert scores == pytest.approx([is_right * value for is_right, value in zip(right, worth, strict=True)])
    drawn = sum(response.drawn_count for group in groups for response in group.responses)
    observed = sum(b - a for group in groups for r in group.responses for a, b in r.observed)
    assert observed > 0 and record.summary["online"]["generated_tokens"] == drawn
    key = str(stopped.cell.policy)
    leave_out = shutil.ignore_patterns(Path(key).name)
    shutil.copytree(straight.store.root, stopped.store.root, ignore=leave_out, dirs_exist_ok=True)
    while execute(stopped.plan.stages[key], stopped.store, should_stop=stopping_after(0)).status == "interrupted":
        torch.manual_seed(12345)
    assert straight.weights(straight.cell.policy) == stopped.weights(stopped.cell.policy)
