"""Real weights, real pairs, real tokenizer: the documented example settings, from a user's own folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchbench.cli.main import main

SHARED = Path(__file__).parents[3] / "shared" / "data"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not beside this checkout"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder: the example settings, with the real files where they say."""
    (tmp_path / "models").symlink_to(SHARED / "models")
    (tmp_path / "tokenizers").symlink_to(SHARED / "tokenizers")
    (tmp_path / "data").symlink_to(SHARED / "pairs")
    for example in EXAMPLES.glob("*.yaml"):
        (tmp_path / example.name).write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def compare(folder: Path, setting: str, capsys, *more: str) -> dict:
    """`bench compare dpo simpo ddo_rm` on the setting; its JSON."""
    places = ["--runs", str(folder / "runs"), "--results", str(folder / "results")]
    code = main(["compare", "dpo", "simpo", "ddo_rm", "--setting", str(folder / setting), *more, *places, "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return json.loads(captured.out)


def few_steps(*sections: str) -> list[str]:
    return [word for section in sections for word in ("--set", f"{section}.max_steps=2")]


SHORT = ["--seeds", "1", *few_steps("sft", "reward_model", "preference")]


def test_a_pretrained_model_on_real_pairs_runs_a_few_steps(folder, capsys):
    limits = "{train: 48, validation: 8, test: 24}"
    told = compare(folder, "stories260k_politeness.yaml", capsys, *SHORT, "--set", f"data.options.limit={limits}")
    rows = [r for r in told["comparisons"] if (r["metric"], r["scoring"]) == ("pair_accuracy", "logp_mean")]
    assert [row["candidate"] for row in rows] == ["dpo", "simpo", "ddo_rm", "sft"]
    assert all(20 <= row["n"] <= 24 for row in rows)
    # a pretrained model is far from guessing among 512 tokens, which is -6.24 nats each
    mean = [r for r in told["comparisons"] if (r["metric"], r["scoring"]) == ("chosen_mean", "logp_mean")]
    assert all(-4.5 < row["mean"] < 0 for row in mean)


def test_real_ultrafeedback_rows_run_a_few_steps(folder, capsys):
    told = compare(
        folder, "neox_ultrafeedback.yaml", capsys, *SHORT, "--set", "data.options.limit={train: 40, test: 24}"
    )
    rows = [r for r in told["comparisons"] if (r["metric"], r["scoring"]) == ("pair_accuracy", "reward_model")]
    assert len(rows) == 4
    assert len({row["mean"] for row in rows}) == 1, "one reward model per seed serves every row"


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["stories260k_politeness.yaml", "neox_ultrafeedback.yaml"])
def test_the_whole_example_runs_over_three_seeds(folder, capsys, setting):
    told = compare(folder, setting, capsys)
    rows = [r for r in told["comparisons"] if (r["metric"], r["scoring"]) == ("pair_accuracy", "logp_mean")]
    assert all(row["seeds"] == [42, 13, 3407] for row in rows)
    assert all("untuned" in row["marks"] for row in rows if row["candidate"] != "sft")
