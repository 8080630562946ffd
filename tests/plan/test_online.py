"""What a recipe's `online` section cannot have is said before anything runs, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, bench

SAMPLER = {
    "name": "policy",
    "num_samples": 2,
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "max_new_tokens": 10,
}


def refused(folder: Path, method: str, *, oracle: str = "gold", more: str = "", preference: str = "", **sampler) -> str:
    """What is said of a recipe, in one line; it must be refused with exit code 2."""
    drawn = ", ".join(f"{name}: {value}" for name, value in {**SAMPLER, **sampler}.items())
    text = f"name: drawn\nsetting: micro\nmethod: {{name: {method}}}\n"
    text += f"preference: {{{preference}}}\n" if preference else ""
    text += f"online:\n  sampler: {{{drawn}}}\n" + (f"  oracle: {{name: {oracle}}}\n" if oracle else "") + more
    path = folder / "drawn.yaml"
    path.write_text(text, encoding="utf-8")
    ended = bench("compare", path, "--setting", MICRO, "--seeds", 1, "--runs", folder / "runs", "--dry-run")
    assert ended.code == 2, ended.out
    return " ".join(ended.err.split())


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        (
            "rloo",
            {"temperature": 0.7},
            "online.sampler: 'rloo' is right for plain samples alone; expected temperature 1",
        ),
        ("rloo", {"num_samples": 1}, "online.sampler.num_samples: 'rloo' compares the responses to one prompt"),
        ("rloo", {"oracle": ""}, "online.oracle: required, not given: 'rloo' needs a reward of each drawn response"),
        ("rloo", {"oracle": "golds"}, "online.oracle.name: unknown oracle 'golds'"),
        ("rloo", {"name": "data"}, "online.sampler.name: expected a sampler of the policy or the reference in memory"),
        (
            "rloo",
            {"more": "  prompts: {split: test}\n"},
            "online.prompts.split: 'test' is what score.split measures on",
        ),
        ("rloo", {"more": "  prompts: {split: reward}\n"}, "online.prompts.split: expected train, as preference.split"),
        ("rloo", {"max_new_tokens": 128}, "online.sampler.max_new_tokens: expected less than 128"),
        ("rloo", {"preference": "reward: {source: column, column: gold}"}, "preference.reward.column: rows are drawn"),
        (
            "hypo_online_kl",
            {"oracle": "", "num_samples": 1},
            "compares the responses to one prompt: expected 2 or more",
        ),
        ("hypo_online_kl", {}, "online.oracle.name: expected none: nothing reads what 'gold' says"),
        ("hypo_online_kl", {"oracle": "", "more": "  num_iterations: 2\n"}, "online.num_iterations: expected 1"),
        ("dpo", {}, "online.selector: required, not given: 'dpo' takes pair"),
        ("dpo", {"more": "  selector: {name: all_candidates}\n"}, "online.selector.name: 'dpo' takes pairs"),
        ("dpo", {"oracle": "", "more": "  selector: {name: best_worst}\n"}, "selector 'best_worst' reads labels"),
        (
            "dpo",
            {"more": "  selector: {name: best_worst}\n  num_iterations: 2\n"},
            "online.num_iterations: expected 1: 'dpo' does not read the policy that drew its rows",
        ),
        ("dpo", {"more": "  selector: {name: golden_vs_self}\n"}, "reads the split's candidates, which are not drawn"),
        (
            "dpo",
            {"more": "  selector: {name: right_wrong, options: {data: right}}\n"},
            "'right_wrong' reads the split's candidates, which are not drawn",
        ),
        (
            "dpo",
            {"more": "  selector: {name: margin, options: {margin: implicit}}\n"},
            "online.selector.options: 'margin' reads the label column 'implicit', which oracle 'gold' does not make",
        ),
        ("rloo", {"name": "policy_and_reference"}, "online.sampler.name: 'rloo' is right for its policy's samples"),
        (
            "rloo",
            {"more": "  selector: {name: all_candidates, options: {cut: drop}}\n"},
            "online.selector: 'rloo' is right for plain samples alone, and 'all_candidates' with these options",
        ),
        (
            "tr_dpo",
            {"more": "  selector: {name: best_worst}\n"},
            "reads 'live_reference', which drawn rows do not have",
        ),
        ("sft", {}, "online: 'sft' draws nothing while it is trained"),
    ],
)
def test_what_cannot_be_had_is_refused(tmp_path: Path, method: str, options: dict, said: str):
    assert said in refused(tmp_path, method, **options)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path):
    said = refused(tmp_path, "rloo", temperature=0.5, num_samples=1, more="  prompts: {split: test}\n")
    for part in ("online.sampler:", "online.sampler.num_samples:", "online.prompts.split:"):
        assert part in said


@pytest.mark.parametrize("method", ["rloo", "grpo", "hypo_online_kl"])
def test_a_method_that_draws_needs_the_section(tmp_path: Path, method: str):
    ended = bench("compare", method, "--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs", "--dry-run")
    assert ended.code == 2
    assert "online: required, not given" in ended.err
