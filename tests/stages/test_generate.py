"""Responses and verdicts of the micro setting: drawn, stored, judged, shown."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, WIDE, bench, finish, generate_section

SECTIONS = (
    generate_section(prompts=12, tokens=8, samples=2)
    + """judge:
  name: gold
  against: [baseline, chosen, each_other]
"""
)
METHODS = ("dpo", "simpo")
SEEDS = (1, 2)


@pytest.fixture(scope="module", autouse=True)
def wide() -> Iterator[None]:
    """Every row and remark in one line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", WIDE)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished comparison with responses; its folder has setting.yaml and runs/."""
    root = tmp_path_factory.mktemp("responses")
    (root / "setting.yaml").write_text(MICRO.read_text(encoding="utf-8") + SECTIONS, encoding="utf-8")
    status = finish(METHODS, runs=root / "runs", setting=root / "setting.yaml", seeds=SEEDS)
    assert set(status.values()) == {"done"}, status
    return root


def stages(root: Path, kind: str) -> dict[str, Path]:
    """Title -> folder."""
    found = {}
    for path in (root / "runs" / kind).iterdir():
        lines = (path / "lock.yaml").read_text(encoding="utf-8").splitlines()
        found[next(line for line in lines if line.startswith("title:")).removeprefix("title: ")] = path
    return found


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.DataFrame([json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()])


def test_every_policy_answers_every_prompt(made: Path):
    found = stages(made, "generate")
    labels = {f"responses of {label} seed {seed} on test" for label in (*METHODS, "sft") for seed in SEEDS}
    assert set(found) == labels
    for folder in found.values():
        frame = read(folder, "generations.jsonl")
        assert len(frame) == 12 * 2
        assert not frame.duplicated(["example", "sample"]).any()
        assert (frame["tokens"].map(len) <= 8).all()
        assert set(frame["finish"]) <= {"stop", "length", "control_token"}, "an untrained policy writes anything"


def test_a_prompt_that_is_there_again_is_not_asked_again(tmp_path: Path):
    """Three rows of one prompt: its responses would count three times, as if they were independent."""
    rows = [json.dumps({"prompt": text, "chosen": "a b", "rejected": "c"}) for text in ("x", "y", "x ", "z", "x", "y")]
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    text = MICRO.read_text(encoding="utf-8")
    before, _, after = text.partition("data:\n")
    data = (
        "data:\n  source: local_files\n  options: {files: {train: train.jsonl, sft: train.jsonl, test: test.jsonl}}\n"
    )
    rest = after[after.index("tokenization:") :]
    sections = SECTIONS.partition("judge:")[0].replace("num_prompts: 12", "num_prompts: 3")
    (tmp_path / "setting.yaml").write_text(before + data + rest + sections, encoding="utf-8")
    status = finish(["sft"], runs=tmp_path / "runs", setting=tmp_path / "setting.yaml", sets=["reward_model=null"])
    assert set(status.values()) == {"done"}
    (folder,) = (tmp_path / "runs" / key for key in status if key.startswith("generate/"))
    assert read(folder, "generations.jsonl").groupby("example").size().tolist() == [2, 2, 2]


def test_a_record_says_what_drew_the_responses(made: Path):
    for folder in stages(made, "generate").values():
        about = json.loads((folder / "engine.json").read_text(encoding="utf-8"))
        assert about["engine"] == "transformers" and about["dtype"] == "float32" and about["device_kind"] == "cpu"
        assert about["merged"] is False
        assert about["canary"]["identical_fraction"] == 1.0
        assert about["sampling"]["max_new_tokens"] == 8


def test_samples_are_scored_by_the_training_stack_for_their_kl(made: Path):
    found = stages(made, "generate")
    sft, dpo = (read(found[f"responses of {label} seed 1 on test"], "generations.jsonl") for label in ("sft", "dpo"))
    assert sft["logp_sum"].notna().all() and (sft["logp_sum"] <= 0).all()
    assert sft["ref_logp_sum"].isna().all(), "the SFT policy is the reference itself"
    assert dpo["ref_logp_sum"].notna().all()


def test_the_token_that_ended_a_response_is_scored_whichever_it_is(made: Path, tmp_path: Path):
    """Against transformers itself: log-probabilities of response and end given the prompt."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    shutil.copytree(made / "runs", tmp_path / "runs")
    model = AutoModelForCausalLM.from_pretrained(stages(made, "sft")["sft seed 1"] / "model").eval()
    tokenizer = AutoTokenizer.from_pretrained(stages(made, "sft")["sft seed 1"] / "model")
    free = read(stages(made, "generate")["responses of sft seed 1 on test"], "generations.jsonl")
    common = free["tokens"].explode().value_counts().index[0]
    stop = tokenizer.convert_ids_to_tokens(int(common))
    sets = [f"generate.stop_tokens={json.dumps([stop])}", "judge=null"]
    status = finish(["sft"], runs=tmp_path / "runs", setting=made / "setting.yaml", sets=sets)
    assert set(status.values()) == {"done"}
    (folder,) = (tmp_path / "runs" / key for key in status if key.startswith("generate/"))
    frame = read(folder, "generations.jsonl")
    ended = frame[frame["finish"] == "stop"]
    assert int(common) in set(ended["end"]) and frame.loc[frame["finish"] == "length", "end"].isna().all()
    (data,) = (made / "runs" / "data").glob("*/test.jsonl")
    prompts = {row["id"]: row["prompt"][0]["content"] for row in map(json.loads, data.read_text().splitlines())}
    for row in frame.head(12).itertuples():
        text = f"<|user|> {prompts[row.example]} <|assistant|>"
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        response = [*row.tokens, *([] if row.finish == "length" else [int(row.end)])]
        with torch.no_grad():
            logps = model(torch.tensor([prompt + response])).logits[0].log_softmax(dim=-1)
        each = [logps[len(prompt) - 1 + i, token].item() for i, token in enumerate(response)]
        assert row.logp_sum == pytest.approx(sum(each), abs=1e-4)


def test_the_same_request_seeds_pair_the_methods(made: Path):
    found = stages(made, "generate")
    frames = [read(found[f"responses of {label} seed 1 on test"], "generations.jsonl") for label in ("sft", "dpo")]
    same = (frames[0]["text"] == frames[1]["text"]).mean()
    other = read(found["responses of sft seed 2 on test"], "generations.jsonl")
    assert same > (frames[0]["text"] == other["text"]).mean()


def test_verdicts_meet_every_opponent_once(made: Path):
    titles = set(stages(made, "judge"))
    for seed in SEEDS:
        assert f"verdicts on dpo against chosen seed {seed}" in titles
        assert f"verdicts on simpo against dpo seed {seed}" in titles
        assert f"verdicts on sft against dpo seed {seed}" in titles
        assert f"verdicts on sft against simpo seed {seed}" in titles, "each other"
        assert f"verdicts on dpo against dpo seed {seed}" not in titles


def test_with_another_baseline_no_contest_is_judged_from_both_sides(made: Path):
    line = ["compare", *METHODS, "--setting", made / "setting.yaml", "--baseline", "simpo", "--runs", made / "runs"]
    rows = bench(*line, "--seeds", 1, "--dry-run", "--json").json["stages"]
    met = [row["stage"].removeprefix("verdicts on ").split(" against ") for row in rows if row["kind"] == "judge"]
    pairs = [frozenset((label, rest.split(" ")[0])) for label, rest in met]
    assert len(set(pairs)) == len(pairs)
    assert {frozenset(pair) for pair in (("dpo", "simpo"), ("sft", "simpo"), ("sft", "dpo"))} <= set(pairs)


def compare(made: Path, tmp_path: Path, *words: object):
    line = ["compare", *METHODS, "--setting", made / "setting.yaml", "--seeds", *SEEDS, *words]
    ended = bench(*line, "--runs", made / "runs", "--results", tmp_path, "--device", "cpu")
    assert ended.code == 0, ended.err
    return ended


def test_compare_shows_win_rates_beside_pair_metrics(made: Path, tmp_path: Path):
    ended = compare(made, tmp_path)
    assert "win rate against dpo, judge gold" in ended.out
    assert "win rate against the data's chosen response, judge gold" in ended.out
    assert "at equal length" in ended.out and "p Holm" in ended.out and "MDD" in ended.out
    assert "first slot" not in ended.out, "the gold judge sees none"
    assert "responses, means over seeds" in ended.out
    assert "Bradley-Terry ratings, judge gold" in ended.out and "expected win rate against all others" in ended.out
    frame = pd.read_csv(tmp_path / "micro" / "win_rates.csv")
    rewards = {"reward_difference", "bradley_terry_expectation", "reward_per_100_characters"}
    assert set(frame["metric"]) == {"win_rate", "length_controlled_win_rate"} | rewards
    assert "score per 100 characters" in ended.out, "the gold judge scores each text by itself"
    raw = frame[frame["metric"] == "win_rate"]
    assert raw["value"].between(0, 1).all()
    assert (raw["n"] == 12).all(), "prompts are the clusters, not responses"
    counted = raw["wins"] + raw["ties"] + raw["losses"] + raw["missing"]
    assert (counted == 24).all()
    responses = pd.read_csv(tmp_path / "micro" / "responses.csv")
    assert {"response_tokens", "truncated", "distinct_1", "kl_k1"} <= set(responses["metric"])
    assert (tmp_path / "micro" / "win_rates.md").is_file()
    intervals = pd.read_csv(tmp_path / "micro" / "win_rate_intervals.csv")
    assert {"win_rate", "length_controlled_win_rate", "length_effect", "rating", "expected_win_rate"} <= set(
        intervals["metric"]
    )
    assert (intervals.loc[intervals["metric"] == "rating", "opponent"] == "all others").all()
    assert (intervals["k"] == 2).all() and set(intervals["temperature"]) == {1}


def test_the_document_has_everything_for_a_program(made: Path, tmp_path: Path):
    found = compare(made, tmp_path, "--json").json
    assert {"win_rates", "win_rate_intervals", "responses"} <= set(found)
    assert {row["metric"] for row in found["responses"]} >= {"response_tokens", "kl_k1"}
    assert {row["metric"] for row in found["win_rate_intervals"]} >= {"win_rate", "rating"}


def test_responses_drawn_otherwise_stand_beside_each_other(made: Path, tmp_path: Path):
    """Drawn at another temperature they are other numbers, which never replace those of the recipe."""
    changed = ("--set", "generate.temperature=0.5")
    for seeds in SEEDS:
        status = finish(METHODS, runs=made / "runs", setting=made / "setting.yaml", seeds=[seeds], sets=changed[1:])
        assert set(status.values()) == {"done"}, status
    before = compare(made, tmp_path)
    plain = pd.read_csv(tmp_path / "micro" / "responses.csv")
    ended = compare(made, tmp_path, *changed)
    assert "temperature 1" in before.out and "temperature 0.5" not in before.out
    assert "temperature 0.5" in ended.out
    for name in ("win_rates.csv", "win_rate_intervals.csv", "responses.csv"):
        frame = pd.read_csv(tmp_path / "micro" / name)
        assert set(frame["temperature"]) == {1.0, 0.5}, name
        assert frame.groupby("temperature")["generate_hash"].nunique().eq(1).all()
    both = pd.read_csv(tmp_path / "micro" / "responses.csv")
    assert len(both[both["temperature"] == 1.0]) == len(plain)
    kl = both[(both["temperature"] == 0.5) & (both["metric"] == "kl_k1") & (both["method"] == "dpo")]
    assert kl["value"].isna().all() and kl["note"].str.contains("not drawn at temperature 1").all() and len(kl)


def test_the_record_of_a_cell_keeps_the_responses_that_another_command_had_no_use_for(made: Path, tmp_path: Path):
    def roles() -> set[str]:
        lines = (tmp_path / "micro" / "cells.jsonl").read_text(encoding="utf-8").splitlines()
        return {role for record in map(json.loads, lines) if record["label"] == "dpo" for role in record["stages"]}

    compare(made, tmp_path)
    full = roles()
    compare(made, tmp_path, "--pairs-only")
    assert roles() == full and "generate" in full


def test_the_tables_are_the_same_when_nothing_is_run(made: Path, tmp_path: Path):
    first, second = (compare(made, tmp_path / name).out for name in ("a", "b"))
    assert first == second
    for name in ("win_rates.csv", "responses.csv"):
        texts = [(tmp_path / folder / "micro" / name).read_bytes() for folder in ("a", "b")]
        assert texts[0] == texts[1]


def test_pairs_only_leaves_responses_alone(made: Path, tmp_path: Path):
    assert "win rate" not in compare(made, tmp_path, "--pairs-only").out
    found = compare(made, tmp_path, "--pairs-only", "--json").json
    assert [found[name] for name in ("win_rates", "win_rate_intervals", "responses")] == [[], [], []]


def test_a_judge_without_responses_is_refused(tmp_path: Path):
    text = MICRO.read_text(encoding="utf-8") + "judge: {name: gold}\n"
    (tmp_path / "setting.yaml").write_text(text, encoding="utf-8")
    ended = bench("compare", "dpo", "simpo", "--setting", tmp_path / "setting.yaml", "--dry-run")
    assert ended.code == 2 and "add a generate section" in ended.err


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: gold", "name: golden", "Did you mean 'gold'"),
        ("max_new_tokens: 8", "max_new_tokens: 0", "generate.max_new_tokens: expected"),
        ("temperature: 1.0", "temperature: 0.0", "num_samples: greedy decoding"),
        ("split: test\n  num_prompts", "split: tests\n  num_prompts", "the data has no split 'tests'"),
        ("  temperature: 1.0\n", "", "generate.temperature: required"),
        ("max_new_tokens: 8", "max_new_tokens: 128", "generate.max_new_tokens: expected less than 128"),
        ("max_new_tokens: 8", "max_new_tokens: 8\n  stop_tokens: ['<|im_end|>', a]", "tokenizer, got <|im_end|>"),
        ("engine: transformers", "engine: vllm", "heads have size 16"),
    ],
)
def test_a_faulty_section_is_reported_before_anything_runs(tmp_path: Path, old: str, new: str, told: str):
    text = MICRO.read_text(encoding="utf-8") + SECTIONS.replace(old, new)
    (tmp_path / "setting.yaml").write_text(text, encoding="utf-8")
    line = ["compare", "dpo", "simpo", "--setting", tmp_path / "setting.yaml", "--runs", tmp_path / "runs"]
    ended = bench(*line, "--dry-run")
    assert ended.code == 2 and told in ended.err, ended.err
