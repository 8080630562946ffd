"""What a recipe's `online` section cannot have is said before anything runs, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, bench, generate_section

from benchbench.recipe.rounds import PLAIN

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


def refused(
    folder: Path,
    method: str,
    *,
    oracle: str = "gold",
    more: str = "",
    preference: str = "",
    rest: str = "",
    options=(),
    **sampler,
) -> str:
    """What is said of a recipe, in one line; it must be refused with exit code 2."""
    drawn = ", ".join(f"{name}: {value}" for name, value in {**SAMPLER, **sampler}.items())
    text = f"name: drawn\nsetting: micro\nmethod: {{name: {method}}}\n"
    text += f"preference: {{{preference}}}\n" if preference else ""
    text += f"online:\n  sampler: {{{drawn}}}\n" + (f"  oracle: {{name: {oracle}}}\n" if oracle else "") + more + rest
    path = folder / "drawn.yaml"
    path.write_text(text, encoding="utf-8")
    ended = bench("compare", path, "--setting", MICRO, "--seeds", 1, "--runs", folder / "runs", "--dry-run", *options)
    assert ended.code == 2, ended.out
    return " ".join(ended.err.split())


PARTS = "gold_objectives, options: {parts: [exact, manner]}"
SHAPED = [
    ("rloo", "gold", "rtoo", "online.shaping.name: unknown shaping 'rtoo'"),
    ("rloo", "gold", "rto, guide: dpo", "'rto' gives token rewards, which 'rloo' does not read; it reads rewards"),
    ("ppo", "gold", "rto, guide: dpo", "method.hyper.kl_weight: expected 0.0: 'rto' gives token rewards, so nothing"),
    ("ppo", "gold", "rto", "online.shaping.guide: required, not given: 'rto' reads a further policy"),
    ("ppo, hyper: {kl_weight: 0.0}", "gold", "rto, guide: nothing", "online.shaping.guide: "),
    ("grpo", "gold", "tw_grpo_twin, guide: dpo", "online.shaping.guide: 'tw_grpo_twin' reads no further policy"),
    (
        "grpo",
        "gold",
        "t_ppo",
        "online.shaping.name: 't_ppo' reads rewards of tokens, which no part of the section makes",
    ),
    ("grpo", "gold", "mo_grpo", "'mo_grpo' reads several rewards of each response, 'gold' gives one; expected"),
    ("grpo", PARTS, "mo_grpo, options: {weights: [1.0]}", "expected numbers for 2 rewards (exact, manner), got 1"),
    ("grpo", PARTS, "tw_grpo_twin", "'gold_objectives' gives several rewards of each response, which nothing reads"),
    ("grpo", "", "mo_grpo", "online.oracle: required, not given: shaping 'mo_grpo' reads labels"),
    ("rloo", "gold", "otc", "'otc' reads the label column 'calls', which oracle 'gold' does not make"),
    ("hypo_online_kl", "", "spo_minimax", "online.shaping: expected none: 'hypo_online_kl' is trained on the split's"),
]
"""Method, oracle, shaping, and what is said."""


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        (
            "rloo",
            {"temperature": 0.7},
            "online.sampler: 'rloo' is right for plain samples alone; expected temperature 1, top_p 1, top_k 0, "
            "min_p 0, repetition_penalty 1, got temperature 0.7",
        ),
        (
            "egpo",
            {"preference": "max_steps: 3"},
            "preference.max_steps: expected an even number: an update of 'egpo' is made of two steps, got 3",
        ),
        ("rloo", {"num_samples": 1}, "online.sampler.num_samples: 'rloo' compares the responses to one prompt"),
        ("rloo", {"oracle": ""}, "online.oracle: required, not given: 'rloo' needs a reward of each drawn response"),
        ("rloo", {"oracle": "golds"}, "online.oracle.name: unknown oracle 'golds'"),
        (
            "rloo",
            {"oracle": "reward_stage", "rest": "reward_model: {score_append_eos: false}\n"},
            "reward_model.score_append_eos: expected true, as in training",
        ),
        (
            "rloo",
            {
                "oracle": "reward_stage",
                "rest": "reward_model: {max_length: 20}\ntokenization: {max_prompt_length: 16}\n",
            },
            "reward_model.max_length: expected 26 or more (tokenization.max_prompt_length and the sampler's",
        ),
        (
            "rloo",
            dict.fromkeys(("num_samples", *PLAIN, "max_new_tokens"), "null"),
            "online: sampler: required, not given: num_samples, temperature, top_p, top_k, min_p, repetition_penalty,",
        ),
        (
            "rloo",
            {"temperature": 0},
            "has one response per prompt; expected 1, or a temperature above 0, got 2",
        ),
        (
            "rloo",
            {"name": "data"},
            "online.sampler.name: expected a sampler of the policy or the reference in memory, such as policy; 'data'",
        ),
        (
            "rloo",
            {"more": "  prompts: {split: test}\n"},
            "online.prompts.split: 'test' is what score.split measures on",
        ),
        ("rloo", {"more": "  prompts: {split: reward}\n"}, "online.prompts.split: expected train, as preference.split"),
        ("rloo", {"max_new_tokens": 128}, "online.sampler.max_new_tokens: expected less than 128"),
        (
            "rloo",
            {"max_new_tokens": 20, "rest": "tokenization: {max_length: 30, max_prompt_length: 12}\n"},
            "online.sampler.max_new_tokens: expected less than 19 beside prompts of tokenization.max_prompt_length 12",
        ),
        ("rloo", {"preference": "max_length: 20"}, "preference.max_length: rows are drawn"),
        ("rloo", {"preference": "truncation: error"}, "preference.truncation: rows are drawn"),
        ("rloo", {"preference": "on_empty_response: error"}, "preference.on_empty_response: expected drop, got error"),
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
        (
            "dpo",
            {"num_samples": 1, "more": "  selector: {name: best_worst}\n"},
            "online.sampler.num_samples: expected 2 or more, got 1: 'best_worst' makes no row of fewer",
        ),
        (
            "imitation",
            {"more": "  selector: {name: all_candidates}\n"},
            "online.selector.name: 'imitation' is trained on the first response",
        ),
        ("dpo", {"oracle": "", "more": "  selector: {name: best_worst}\n"}, "selector 'best_worst' reads labels"),
        (
            "dpo",
            {"more": "  selector: {name: best_worst}\n  num_iterations: 2\n"},
            "online.num_iterations: expected 1: 'dpo' does not read the policy that drew its rows",
        ),
        ("xpo", {"more": "  selector: {name: arm_pairs}\n"}, "'arm_pairs' compares responses of 2 arms, found policy"),
        *(
            (
                method,
                {"oracle": "annotator", "more": "  selector: {name: arm_pairs, options: {pairs: all}}\n"},
                f"online.sampler.name: '{method}' reads column '{column}', which marks the responses of arm "
                "'reference'; expected a sampler with that arm, got policy",
            )
            for method, column in {"xpo": "from_reference", "vpo": "from_calibration"}.items()
        ),
        (
            "nash_md",
            {"more": "  selector: {name: against_mixture}\n"},
            "online.selector.options.opponent: expected an arm of the sampler (policy), got 'mixture'",
        ),
        (
            "nash_md",
            {"name": "nash_mixture", "more": "  selector: {name: against_mixture, options: {opponent: policy}}\n"},
            "'nash_md' is right for its policy's samples alone; expected policy, got nash_mixture, which has mixture",
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
        ("kto", {}, "method.name: 'kto' reads column 'label', which no part of the section makes"),
        (
            "rloo",
            {"oracle": "reward_stage", "rest": "reward_model: {objective: {name: gpm}}\n"},
            "reward_model.objective.name: oracle 'reward_stage' rewards a drawn response by itself, 'gpm' reads the",
        ),
        (
            "rloo",
            {"oracle": "reward_stage", "rest": "reward_model: {objective: {name: pal_a}}\n"},
            "reward_model.objective.name: oracle 'reward_stage' rewards a drawn response by itself, 'pal_a' reads col",
        ),
        (
            "dpo",
            {
                "name": "policy_and_reference",
                "preference": "reference: base",
                "more": "  selector: {name: best_worst}\n",
            },
            "preference.reference: expected sft: the reference of sampler 'policy_and_reference' is the policy that",
        ),
        ("sft", {}, "online: 'sft' draws nothing while it is trained"),
        *(
            (method, {"oracle": oracle, "more": f"  shaping: {{name: {shaped}}}\n"}, said)
            for method, oracle, shaped, said in SHAPED
        ),
    ],
)
def test_what_cannot_be_had_is_refused(tmp_path: Path, method: str, options: dict, said: str):
    assert said in refused(tmp_path, method, **options)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path):
    said = refused(tmp_path, "rloo", temperature=0.5, num_samples=1, more="  prompts: {split: test}\n")
    for part in ("online.sampler:", "online.sampler.num_samples:", "online.prompts.split:"):
        assert part in said


@pytest.mark.parametrize("section", ["rounds", "online"])
def test_a_recipe_of_sft_that_draws_is_refused_and_an_override_is_for_the_rows_beside_it(tmp_path: Path, section: str):
    sampler = ", ".join(f"{name}: {value}" for name, value in SAMPLER.items())
    parts = f"sampler: {{{sampler}}}, oracle: {{name: gold}}, selector: {{name: best_worst}}"
    if section == "rounds":
        parts += ", count: 1, prompts: {split: train, per_round: 8}"
    text = MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=4)
    setting = tmp_path / "setting.yaml"
    setting.write_text(text, encoding="utf-8")
    path = tmp_path / "sft.yaml"
    path.write_text(f"name: s\nsetting: {setting}\nmethod: {{name: sft}}\n{section}: {{{parts}}}\n", encoding="utf-8")
    asked = ["--setting", setting, "--seeds", 1, "--runs", tmp_path / "runs", "--dry-run"]
    ended = bench("compare", path, *asked)
    assert ended.code == 2 and f"{section}: 'sft' draws nothing while it is trained" in ended.err
    ended = bench("compare", "dpo", *asked, "--set", f"{section}={{{parts}}}")
    assert ended.code == 0, ended.err


def test_a_stop_token_is_looked_for_where_training_alone_draws(tmp_path: Path):
    """Of a comparison of pairs alone, in which nobody answers held-out prompts."""
    rest = (
        "generate: {split: test, num_prompts: 4, engine: transformers, dtype: float32, max_new_tokens: 4,"
        " temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, stop_tokens: ['<|im_end|>']}\n"
    )
    said = refused(tmp_path, "rloo", rest=rest, options=["--pairs-only"])
    assert "generate.stop_tokens: expected tokens of the tokenizer, got <|im_end|>" in said


@pytest.mark.parametrize("method", ["rloo", "grpo", "hypo_online_kl"])
def test_a_method_that_draws_needs_the_section(tmp_path: Path, method: str):
    ended = bench("compare", method, "--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs", "--dry-run")
    assert ended.code == 2
    assert "online: required, not given" in ended.err
