"""What is trained as preferred: the rated best, and nothing that is labelled false; rewards that are numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchbench.core.errors import BenchError
from benchbench.core.method import Need
from benchbench.inputs import reward
from benchbench.recipe.training import RewardSource
from benchbench.store.rows import read_rows, write_rows

from .artefacts import Artefacts, run

Row = Mapping[str, Any]
OPTIONS = "options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}"
QUESTIONS = [f"What is {word} and {word}?" for word in ("one", "two", "three", "four", "five", "six", "seven", "eight")]
PAIRS = [{"prompt": q, "chosen": f"It is {q[8:11]}.", "rejected": "zzz bad qq", "id": q} for q in QUESTIONS]
SCORED = [{**row, "score_chosen": 9.0, "score_rejected": 2.0} for row in PAIRS]


@pytest.fixture
def train(write_yaml: Callable[..., Path], tmp_path: Path) -> Callable[..., Artefacts]:
    """A run of the micro setting over files by split, `PAIRS` where none is given."""

    def made(name: str, method: str, *sets: str, **files: Sequence[Row]) -> Artefacts:
        splits = {"words": PAIRS, "sft": PAIRS, "train": PAIRS, "reward": PAIRS, "test": PAIRS, **files}
        for split, rows in splits.items():
            path = tmp_path / name / f"{split}.jsonl"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        listed = ", ".join(f"{split}: {split}.jsonl" for split in splits)
        swap = {
            "source: toy": "source: local_files",
            OPTIONS: f"options: {{files: {{{listed}}}}}",
            "vocab_size: 256, split: sft": "vocab_size: 256, split: words",
        }
        return run(tmp_path / name, [method], *sets, setting=write_yaml(f"{name}/mine.yaml", swap=swap))

    return made


def accuracy(done: Artefacts, title: str) -> float:
    rows = done.rows(title).pivot(index="example", columns="candidate", values="logp_mean")
    return float((rows[0] > rows[1]).mean())


def test_two_scored_candidates_better_second_train_and_score_as_named_pairs_do(train):
    """Before, every pair trained the worse answer as the chosen one."""
    listed = [
        {"id": row["id"], "prompt": row["prompt"], "candidates": [row["rejected"], row["chosen"]], "scores": [2, 9]}
        for row in SCORED
    ]
    sets = ("preference.max_steps=12", "preference.learning_rate=1e-2", "reward_model=null")
    named = train("named", "simpo", *sets, train=SCORED, sft=SCORED, test=SCORED)
    mine = train("listed", "simpo", *sets, train=listed, sft=listed, test=listed)
    assert named.done() and mine.done()
    found = [accuracy(done, "score simpo seed 1 on test") for done in (named, mine)]
    assert found == [1.0, 1.0]
    one, other = (done.rows("score simpo seed 1 on test") for done in (named, mine))
    assert one["logp_sum"].tolist() == other["logp_sum"].tolist()


@pytest.mark.shared_data
def test_sft_imitates_the_best_of_rated_candidates(train, cases: Path):
    """As it does where only the best is there."""
    rated = (cases / "first_candidate_rated_worst.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in rated]
    best = [{"prompt": row["prompt"], "response": "best one"} for row in rows]
    of_all, of_best = (
        train(name, "sft", "reward_model=null", sft=sft) for name, sft in (("all", rows), ("best", best))
    )
    assert of_all.done() and of_best.done()
    assert of_all.log("sft seed 1") == of_best.log("sft seed 1")


@pytest.mark.shared_data
def test_sft_trains_on_no_example_that_is_labelled_false(train, cases: Path):
    rows = [json.loads(line) for line in (cases / "thumbs.jsonl").read_text(encoding="utf-8").splitlines()]
    up = [{key: row[key] for key in ("prompt", "completion")} for row in rows if row["label"]]
    labelled = train("labelled", "sft", "reward_model=null", sft=rows)
    liked = train("liked", "sft", "reward_model=null", sft=up)
    assert labelled.done() and liked.done()
    title = "sft seed 1, on 8 of 16 examples, those labelled true"
    assert labelled.log(title) == liked.log("sft seed 1")
    report = labelled.record(title)["summary"]["tokenization"]
    assert (report["examples_read"], report["examples"], report["dropped"]) == (16, 8, {"labelled false": 8})


def test_rewards_that_are_no_numbers_stop_the_stage_and_name_the_candidate(train, tmp_path: Path):
    done = train("rewards", "ddo_rm")
    folder = next(iter((tmp_path / "rewards").rglob("reward/*/rows.parquet"))).parent
    frame = read_rows(folder)
    frame.loc[frame.index[3], "reward"] = np.nan
    write_rows(folder, frame)

    class Context:
        settings = type("Settings", (), {"reward": RewardSource(source="stage")})()
        spec = type("Spec", (), {"title": "ddo_rm seed 1"})()

        def input(self, name: str) -> Path:
            return folder

    assert done.done()
    with pytest.raises(
        BenchError, match=r"ddo_rm seed 1: expected finite rewards, found 1 of 16 .* nan for candidate 1"
    ):
        reward.load(Context(), Need.REWARD)  # type: ignore[arg-type]
