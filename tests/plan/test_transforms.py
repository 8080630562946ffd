"""Transforms of a recipe: bound, applied before anything is tokenised, counted, and part of what a stage reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MICRO, bench

from benchbench.commands.data_view import data_lines
from benchbench.commands.resolve import resolve
from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.core.identity import plain
from benchbench.data.serial import from_json
from benchbench.plan.prepare import PREPARED_VERSION, prepare
from benchbench.plan.prepared import Prepared
from benchbench.recipe.overrides import parse_overrides

PAIRS = "data.transforms=[{name: pairs_best_worst, splits: [train_candidates], options: {score: gold}}]"
FLIPS = "data.transforms=[{{name: flip_labels, splits: [train], options: {{rate: {rate}}}{seed}}}]"


def resolved(*sets: str, method: str = "dpo"):
    return resolve(method, setting=str(MICRO), overrides=parse_overrides(sets))


def prepared(root: Path, *sets: str) -> Prepared:
    return prepare(resolved(*sets), root)


def test_a_transform_changes_the_split_it_is_applied_to_and_no_other(tmp_path: Path):
    before, after = prepared(tmp_path).data, prepared(tmp_path, PAIRS).data
    changed = {split for split in before.hashes if before.hashes[split] != after.hashes[split]}
    assert changed == {"train_candidates"}
    assert set(before.hashes) == set(after.hashes)
    shape = after.shapes["train_candidates"]
    assert list(shape.candidates) == [2] and shape.ordered
    assert not before.shapes["train_candidates"].ordered


def test_the_pairs_are_the_best_and_the_worst_of_the_four_candidates(tmp_path: Path):
    before, after = (prepared(tmp_path, *sets).data.lines("train_candidates") for sets in ((), (PAIRS,)))
    pairs = {line["id"]: from_json(line) for line in after}
    assert len(pairs) > 40
    for candidates in map(from_json, before):
        gold = candidates.columns["gold"]
        assert isinstance(gold, tuple) and len(gold) == 4
        if max(gold) == min(gold):
            assert candidates.id not in pairs
            continue
        pair = pairs[candidates.id]
        assert pair.columns["gold"] == (max(gold), min(gold))
        assert pair.candidates == tuple(candidates.candidates[gold.index(g)] for g in (max(gold), min(gold)))


def test_data_without_transforms_have_the_key_they_had(tmp_path: Path):
    """Nothing of the section stands in it, so no prepared data and no finished stage is another one."""
    loaded = resolved()
    parts = {
        "source": "toy",
        "source_version": 1,
        "prepared_version": PREPARED_VERSION,
        "options": plain(loaded.bound["data.options"]),
        "identity": {},
    }
    assert prepare(loaded, tmp_path).data_key == fingerprint(parts)
    assert "transforms" not in prepare(loaded, tmp_path).data.report


def test_every_part_of_a_transform_makes_other_data(tmp_path: Path):
    lines = [
        FLIPS.format(rate=0.5, seed=""),
        FLIPS.format(rate=0.4, seed=""),
        FLIPS.format(rate=0.5, seed=", draw_seed: 1"),
        FLIPS.format(rate=0.5, seed="").replace("[train]", "[validation]"),
    ]
    kinds = [prepared(tmp_path, line) for line in lines]
    assert len({item.data_key for item in kinds}) == 4
    assert len({item.data.hashes["train"] for item in kinds}) == 4
    assert prepared(tmp_path, FLIPS.format(rate=0.5, seed=", draw_seed: 0")).data_key == kinds[0].data_key


def test_transforms_are_applied_one_after_the_other_and_each_is_counted(tmp_path: Path):
    two = PAIRS[:-1] + ", {name: flip_labels, splits: [train_candidates], options: {rate: 1.0}}]"
    data = prepared(tmp_path, two).data
    first, second = data.report["transforms"]["train_candidates"]
    left = len(data.lines("train_candidates"))
    assert (first["name"], first["examples_in"], first["examples_out"]) == ("pairs_best_worst", 48, left)
    assert first["dropped"] == ({"all scores equal": 48 - left} if left < 48 else {})
    assert second["changed"] == {"label flipped": left}
    lines = data_lines(data, ["train", "train_candidates"])
    assert any(line.startswith("data, train_candidates: pairs_best_worst: 48 examples in, ") for line in lines)
    assert any(line.endswith(f"{left} label flipped") for line in lines)
    assert sum(line.startswith("data, train:") for line in lines) == 1


WRONG_IN_THE_RECIPE = {
    "name: pairs_best_wrost": "name: unknown transform 'pairs_best_wrost'. Did you mean 'pairs_best_worst'?",
    "name: pairs_best_worst, options: {scor: gold}": "options.scor: unknown key; did you mean 'score'?",
    "name: pairs_best_worst, options: {min_gap: -1.0}": "options: min_gap: expected a finite number of at least 0",
    "name: flip_labels": "options.rate: required, not given",
    "name: pairs_best_worst, draw_seed: 3": "draw_seed: 'pairs_best_worst' draws nothing; leave the seed out",
    "name: pairs_best_worst, option: {}": "option: unknown key; did you mean 'options'?",
}
WRONG_SPLITS = {"[]": "0.splits: expected at least 1 item, got 0", "[a, a]": "splits: expected different splits"}
WRONG_IN_THE_DATA = {
    "pairs_best_worst, splits: [trian], options: {score: gold}": (
        "data.transforms.0.splits: the data has no split 'trian'; it has reward, sft, test, train, train_candidates, "
        "validation. Did you mean 'train'?"
    ),
    "pairs_best_worst, splits: [train]": (
        "split 'train': 'pairs_best_worst' reads the column 'score', which example train-00000 does not have; it has "
        "gold, p_chosen."
    ),
    "soft_labels, splits: [train], options: {score: p_chosen}": (
        "reads one number per candidate in the column 'p_chosen', found one per example in example train-00000"
    ),
    "soft_labels, splits: [train_candidates], options: {score: gold}": (
        "'soft_labels' takes pairs, found 4 candidates in example train_candidates-00000"
    ),
}


@pytest.mark.parametrize(("line", "message"), WRONG_IN_THE_RECIPE.items())
def test_what_is_wrong_in_a_recipe_is_refused_with_its_place(line: str, message: str):
    with pytest.raises(BenchError) as refused:
        resolved(f"data.transforms=[{{{line}, splits: [train]}}]")
    assert f"data.transforms.0.{message}" in str(refused.value)


@pytest.mark.parametrize(("splits", "message"), WRONG_SPLITS.items())
def test_splits_are_different_and_there_is_one(splits: str, message: str):
    with pytest.raises(BenchError) as refused:
        resolved(f"data.transforms=[{{name: pairs_best_worst, splits: {splits}}}]")
    assert message in str(refused.value)


@pytest.mark.parametrize(("line", "message"), WRONG_IN_THE_DATA.items())
def test_data_that_a_transform_does_not_take_are_refused(tmp_path: Path, line: str, message: str):
    with pytest.raises(BenchError) as refused:
        prepared(tmp_path, f"data.transforms=[{{name: {line}}}]")
    assert message in str(refused.value)


def test_a_transform_that_trusts_the_order_refuses_candidates_in_none(tmp_path: Path, write_yaml: Callable[..., Path]):
    """Two candidates as drawn are no pair of chosen and rejected."""
    options = "options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40"
    line = "\n  transforms: [{name: unpaired_from_pairs, splits: [train_candidates]}]"
    setting = write_yaml("mine.yaml", swap={options + "}": f"{options}, candidates: 2}}{line}"})
    with pytest.raises(BenchError, match="'unpaired_from_pairs' takes the first candidate for the preferred one"):
        prepare(resolve("dpo", setting=str(setting)), tmp_path / "runs")


def test_a_missing_column_names_the_transform_that_makes_it(tmp_path: Path, write_yaml: Callable[..., Path]):
    scored = '"chosen": "a", "rejected": "b", "score_chosen": 2, "score_rejected": 1'
    rows = "".join(f'{{"prompt": "q{i}", {scored}}}\n' for i in range(4))
    for split in ("sft", "train", "reward", "test"):
        (tmp_path / f"{split}.jsonl").write_text(rows)
    files = ", ".join(f"{split}: {split}.jsonl" for split in ("sft", "train", "reward", "test"))
    options = "options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}"
    swap = {"source: toy": "source: local_files", options: f"options: {{files: {{{files}}}}}"}
    where = ("--setting", write_yaml("mine.yaml", swap=swap), "--runs", tmp_path / "runs", "--seeds", 1, "--dry-run")
    refused = bench("compare", "gdpo", *where)
    assert refused.code == 2
    assert "; the transforms ensemble_labels and route_labels and soft_labels (data" in refused.err
    line = "data.transforms=[{name: soft_labels, splits: [train]}]"
    assert bench("compare", "gdpo", *where, "--set", line).code == 0


def test_pairs_from_candidates_are_trained_on(tmp_path: Path):
    """From the toy source's four candidates to a comparison, with the counts in what is printed."""
    sets = ("--set", PAIRS, "--set", "preference.split=train_candidates")
    where = ("--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs", "--results", tmp_path / "results")
    ended = bench("compare", "dpo", "simpo", *sets, *where)
    assert ended.code == 0, ended.err
    assert "data, train_candidates: pairs_best_worst: 48 examples in, " in " ".join(ended.err.split())
