"""NaN and divergence stop a stage with its step and its examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from .artefacts import run


@pytest.mark.parametrize(
    ("title", "override", "step"),
    [
        ("sft seed 1", "sft.learning_rate=1e30", 2),
        ("reward model seed 1", "reward_model.learning_rate=1e30", 2),
        ("ddo_rm seed 1", "preference.learning_rate=1e30", 2),
        ("ddo_rm seed 1", "method.hyper.tau=1e-40", 1),
    ],
)
def test_a_stage_that_diverges_is_recorded_as_failed(tmp_path: Path, title: str, override: str, step: int):
    done = run(tmp_path, ["ddo_rm"], override)
    record = done.record(title)
    assert record["status"] == "failed"
    assert f"training diverged at step {step}: loss " in record["message"]
    assert "expected finite numbers; examples of the step: " in record["message"]
    split = {"sft": "sft", "reward model": "reward", "ddo_rm": "train"}[title.removesuffix(" seed 1")]
    assert record["message"].split("examples of the step: ")[1].startswith(f"{split}-000")
    assert "learning_rate" in record["message"]
    folder = done.folder(title)
    assert not (folder / "model").exists()
    assert "blocked" in done.status.values()


def test_what_was_logged_before_is_kept(tmp_path: Path):
    done = run(tmp_path, ["simpo"], "preference.learning_rate=1e30")
    assert [line["step"] for line in done.log("simpo seed 1")] == [1]
    assert done.record("simpo seed 1")["summary"] == {"exit_code": 1}


def test_a_stage_that_failed_is_tried_again_and_counts_the_attempts(tmp_path: Path):
    first = run(tmp_path, ["simpo"], "preference.learning_rate=1e30")
    again = run(tmp_path, ["simpo"], "preference.learning_rate=1e30")
    assert first.status == again.status
    assert again.record("simpo seed 1")["attempts"] == 2
    assert again.record("sft seed 1")["attempts"] == 1
