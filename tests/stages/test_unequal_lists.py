"""Lists of 2 to 5 candidates go through every stage: scored and rewarded row by row, and trained on together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from .artefacts import Artefacts, run

OPTIONS = "options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}"
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
QUESTIONS = [f"What is {word} and {word}?" for word in WORDS]
PAIRS = [{"prompt": q, "chosen": f"It is {q[8:11]}.", "rejected": "zzz bad qq", "id": q} for q in QUESTIONS]
LENGTHS = {q: 2 + i % 4 for i, q in enumerate(QUESTIONS)}
LISTS = [{"id": q, "prompt": q, "candidates": [f"It is {word}." for word in WORDS[: LENGTHS[q]]]} for q in QUESTIONS]


def made(folder: Path, setting: Path, sizes: int) -> Artefacts:
    """EXO over the lists, with rewards from the reward model and so many examples at once."""
    folder.mkdir()
    sets = (
        f"preference.per_device_train_batch_size={sizes}",
        f"score.per_device_eval_batch_size={sizes}",
        "preference.max_steps=4",
    )
    return run(folder, ["exo_k"], *sets, setting=setting)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Artefacts, Artefacts]:
    """The same run with microbatches of one example and of eight."""
    from harness import MICRO

    folder = tmp_path_factory.mktemp("lists")
    for split, rows in (("pairs", PAIRS), ("lists", LISTS)):
        (folder / f"{split}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    files = "{sft: pairs.jsonl, reward: pairs.jsonl, test: pairs.jsonl, train: lists.jsonl}"
    text = MICRO.read_text(encoding="utf-8").replace("source: toy", "source: local_files")
    text = text.replace(OPTIONS, f"options: {{files: {files}}}")
    setting = folder / "mine.yaml"
    setting.write_text(text, encoding="utf-8")
    one, eight = (made(folder / str(size), setting, size) for size in (1, 8))
    assert one.done() and eight.done(), (one.status, eight.status)
    return one, eight


@pytest.mark.parametrize(
    ("title", "column"), [("reference log-probabilities seed 1", "logp_sum"), ("rewards seed 1 on train", "reward")]
)
def test_every_candidate_has_its_row_whatever_goes_through_at_once(done, title, column):
    one, eight = (each.rows(title).set_index(["example", "candidate"])[column] for each in done)
    assert one.groupby("example").size().to_dict() == LENGTHS
    assert np.isfinite(one).all() and np.allclose(one, eight, rtol=1e-4, atol=1e-5)


def test_a_step_over_all_lists_is_the_same_in_any_pieces(done):
    one, eight = (each.log("exo_k seed 1") for each in done)
    assert len(one) == 4
    for mine, other in zip(one, eight, strict=True):
        assert mine.keys() == other.keys() and {"logps/all", "rewards/margins"} <= mine.keys()
        assert [mine[key] for key in mine] == pytest.approx([other[key] for key in mine], rel=1e-3, abs=1e-4)
