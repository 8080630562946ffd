"""`bench eval --prompts` and `bench export`, from a small trained policy to other tools' files."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from harness import MICRO, Ended, bench, finish, generate_section, tree

from benchbench.store.generations import read_generations

GENERATE = generate_section(prompts=4, tokens=6)
ALPACA = [{"dataset": "helpful_base" if i < 3 else "koala", "instruction": f"sort {i} b a"} for i in range(5)]
ARENA = [{"uid": f"{i:016x}", "category": "hard_prompt", "prompt": f"list {i} c"} for i in range(5)]
MT = [{"question_id": 81 + i, "category": "writing", "turns": [f"say {i}", f"again {i}"]} for i in range(5)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A setting with a generate section, one finished seed of dpo, and prompt files."""
    folder = tmp_path_factory.mktemp("prompted")
    (folder / "mine.yaml").write_text(MICRO.read_text(encoding="utf-8") + GENERATE, encoding="utf-8")
    (folder / "alpaca.json").write_text(json.dumps(ALPACA), encoding="utf-8")
    for name, rows in (("arena", ARENA), ("mt", MT)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    status = finish(["dpo"], setting=folder / "mine.yaml", seeds=(1,), runs=folder / "runs")
    assert set(status.values()) == {"done"}
    return folder


def run(world: Path, verb: str, *words: object) -> Ended:
    seeds = () if any(str(word).startswith(str(world / "runs")) for word in words) else ("--seeds", 1)
    return bench(verb, *words, "--setting", world / "mine.yaml", *seeds, "--runs", world / "runs")


@pytest.fixture(scope="module")
def drawn(world: Path) -> dict[str, Ended]:
    files = {"alpaca": "alpaca.json", "arena": "arena.jsonl", "mt": "mt.jsonl"}
    ended = {
        name: run(world, "eval", "dpo", "--prompts", world / file, "--workers", 1, "--json")
        for name, file in files.items()
    }
    for one in ended.values():
        assert one.code == 0, one.err
    return ended


def exported(world: Path, form: str, out: Path, *words: object) -> list[str]:
    ended = run(world, "export", form, "dpo", "--out", out, *words, "--json")
    assert ended.code == 0, ended.err
    return ended.json["files"]


def test_responses_to_a_file_are_drawn_once_and_described(world: Path, drawn: dict[str, Ended]):
    rows = pd.DataFrame(drawn["alpaca"].json)
    assert set(rows["method"]) == {"dpo"}
    assert set(rows["turn"]) == {1}
    assert set(rows["n"]) == {5}
    assert {"truncated", "empty"} <= set(rows["metric"])
    again = run(world, "eval", "dpo", "--prompts", world / "alpaca.json", "--json")
    assert "finished already" in again.err
    assert again.json == drawn["alpaca"].json


def test_the_second_turn_holds_the_first_answer(world: Path, drawn: dict[str, Ended]):
    rows = pd.DataFrame(drawn["mt"].json)
    first, second = (Path(rows[rows["turn"] == turn]["folder"].iloc[0]) for turn in (1, 2))
    assert first != second
    said, then = read_generations(first), read_generations(second)
    assert list(said["example"]) == list(then["example"]) == [str(row["question_id"]) for row in MT]
    lock = (second / "lock.yaml").read_text(encoding="utf-8")
    assert f"first: generate/{first.name}" in lock


def test_alpaca_eval_gets_the_responses_in_the_files_order(world: Path, drawn: dict[str, Ended], tmp_path: Path):
    path, about = exported(world, "alpaca_eval", tmp_path, "--prompts", world / "alpaca.json")
    folder = Path(pd.DataFrame(drawn["alpaca"].json)["folder"].iloc[0])
    texts = list(read_generations(folder)["text"])
    assert Path(path) == tmp_path / "dpo-seed1" / "model_outputs.json"
    assert json.loads(Path(path).read_text(encoding="utf-8")) == [
        row | {"output": text, "generator": "dpo-seed1"} for row, text in zip(ALPACA, texts, strict=True)
    ]
    noted = json.loads(Path(about).read_text(encoding="utf-8"))
    assert noted["models"]["dpo-seed1"]["stages"] == [f"generate/{folder.name}"]
    assert "805" in noted["notes"][0]


def test_without_a_file_the_one_set_of_that_format_is_taken_and_bytes_are_the_same(
    world: Path, drawn: dict[str, Ended], tmp_path: Path
):
    exported(world, "alpaca_eval", tmp_path / "named", "--prompts", world / "alpaca.json")
    exported(world, "alpaca_eval", tmp_path / "found")
    assert tree(tmp_path / "named") == tree(tmp_path / "found")


def test_arena_hard_and_mt_bench_get_theirs(world: Path, drawn: dict[str, Ended], tmp_path: Path):
    (arena, _), (mt, _) = (exported(world, form, tmp_path) for form in ("arena_hard", "mt_bench"))
    answers = [json.loads(line) for line in Path(arena).read_text(encoding="utf-8").splitlines()]
    assert [row["uid"] for row in answers] == [row["uid"] for row in ARENA]
    folder = Path(pd.DataFrame(drawn["arena"].json)["folder"].iloc[0])
    lengths = [len(tokens) for tokens in read_generations(folder)["tokens"]]
    assert [row["metadata"]["token_len"] for row in answers] == lengths
    questions = [json.loads(line) for line in Path(mt).read_text(encoding="utf-8").splitlines()]
    assert [row["question_id"] for row in questions] == [81, 82, 83, 84, 85]
    assert all(len(row["choices"][0]["turns"]) == 2 for row in questions)


def test_arena_hard_counts_gpt_4o_tokens_where_it_is_told_to(
    world: Path, drawn: dict[str, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = SimpleNamespace(encode=lambda text, disallowed_special: text.split())
    monkeypatch.setitem(sys.modules, "tiktoken", SimpleNamespace(encoding_for_model={"gpt-4o": words}.__getitem__))
    path, about = exported(world, "arena_hard", tmp_path, "--token-len", "gpt-4o")
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert row["metadata"]["token_len"] == len(row["messages"][1]["content"]["answer"].split())
    assert "gpt-4o" in json.loads(Path(about).read_text(encoding="utf-8"))["notes"][0]
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    refused = run(world, "export", "arena_hard", "dpo", "--out", tmp_path / "none", "--token-len", "gpt-4o")
    assert refused.code == 5
    assert "--token-len own" in refused.err


def test_a_model_folder_is_asked_as_external(world: Path, drawn: dict[str, Ended], tmp_path: Path):
    (policy,) = (world / "runs" / "preference").glob("*/model")
    model = world / "trained"
    shutil.copytree(policy, model, dirs_exist_ok=True)
    words = ("--setting", world / "mine.yaml", "--runs", tmp_path / "runs")
    ended = bench("eval", model, "--prompts", world / "alpaca.json", *words, "--workers", 1, "--json")
    assert ended.code == 0, ended.err
    assert {row["method"] for row in ended.json} == {"external"}
    done = bench("export", "alpaca_eval", model, "--out", tmp_path / "out", *words)
    assert done.code == 0, done.err
    rows = json.loads((tmp_path / "out" / "trained" / "model_outputs.json").read_text(encoding="utf-8"))
    assert {row["generator"] for row in rows} == {"trained"}


def test_a_model_folder_is_asked_once_for_each_seed_and_scored_without_any(world: Path, tmp_path: Path):
    (policy,) = (world / "runs" / "preference").glob("*/model")
    model = shutil.copytree(policy, tmp_path / "trained")
    words = ("--setting", world / "mine.yaml", "--runs", tmp_path / "runs", "--seeds", 1, 2)
    ended = bench("eval", model, "--prompts", world / "alpaca.json", *words, "--workers", 1, "--json")
    assert ended.code == 0, ended.err
    assert {row["seed"] for row in ended.json} == {1, 2}
    assert len({row["folder"] for row in ended.json}) == 2
    done = bench("export", "alpaca_eval", model, "--out", tmp_path / "out", *words)
    assert done.code == 0, done.err
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"trained-seed1", "trained-seed2"}
    for verb in (("eval", model), ("export", "reward_bench", model, "--out", tmp_path / "pairs")):
        refused = bench(*verb, *words)
        assert refused.code == 2 and "--seeds: not read" in refused.err, refused.err


def test_adapters_alone_are_asked_as_merged_weights(world: Path, drawn: dict[str, Ended], tmp_path: Path):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    (policy,) = (world / "runs" / "preference").glob("*/model")
    config = LoraConfig(r=2, target_modules=["query_key_value"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(policy), config).save_pretrained(tmp_path / "adapters")
    words = ("--setting", world / "mine.yaml", "--runs", tmp_path / "runs", "--workers", 1, "--json")
    ended = bench("eval", tmp_path / "adapters", "--prompts", world / "alpaca.json", *words)
    assert ended.code == 0, ended.err
    assert {(row["method"], row["merged"]) for row in ended.json} == {("external", True)}


def test_reward_bench_needs_subsets_and_takes_them_from_a_file(world: Path, tmp_path: Path):
    refused = run(world, "export", "reward_bench", "dpo", "--out", tmp_path / "out")
    assert refused.code == 2
    assert "names no subset" in refused.err
    assert not (tmp_path / "out").exists()
    (data,) = (path for path in (world / "runs" / "data").glob("*/test.jsonl"))
    ids = [json.loads(line)["id"] for line in data.read_text(encoding="utf-8").splitlines()]
    named = tmp_path / "subsets.jsonl"
    named.write_text(
        "".join(
            json.dumps({"id": name, "subset": "even" if i % 2 == 0 else "odd"}) + "\n" for i, name in enumerate(ids)
        )
    )
    path, _ = exported(world, "reward_bench", tmp_path / "out", "--subsets", named)
    result = json.loads(Path(path).read_text(encoding="utf-8"))
    assert list(result) == ["model", "ref_model", "model_type", "chat_template", "even", "odd"]
    ended = run(world, "eval", "dpo", "--json")
    strict = {row["scoring"]: row["value"] for row in ended.json if row["metric"] == "pair_accuracy_strict"}
    assert (result["even"] + result["odd"]) / 2 == pytest.approx(strict["implicit"], abs=1e-12)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("eval", "simpo", "--prompts", "alpaca.json"), 4, "simpo: no finished run for seed 1"),
        (("eval", "dpo", "--prompts", "none.json"), 5, "no such file"),
        (
            ("eval", "dpo", "--prompts", "alpaca.json", "--set", "generate.num_samples=3"),
            2,
            "expected 1 with --prompts",
        ),
        (("eval", "dpo", "--prompts", "alpaca.json", "--set", "generate.num_prompts=2"), 2, "answered whole"),
        (("eval", "dpo", "--prompts", "mine.yaml"), 2, "expected a file ending in"),
        (("export", "alpaca_evil", "dpo", "--out", "out"), 2, "Did you mean 'alpaca_eval'?"),
        (
            ("export", "alpaca_eval", "dpo", "--subsets", "x.jsonl", "--out", "out"),
            2,
            "--subsets: alpaca_eval does not read",
        ),
        (
            ("export", "mt_bench", "dpo", "--token-len", "gpt-4o", "--out", "out"),
            2,
            "--token-len gpt-4o: mt_bench does not",
        ),
        (
            ("export", "reward_bench", "dpo", "--prompts", "x.jsonl", "--out", "out"),
            2,
            "--prompts: reward_bench does not",
        ),
        (("export", "alpaca_eval", "dpo", "--prompts", "other.jsonl", "--out", "out"), 4, "bench eval dpo --prompts"),
    ],
)
def test_what_cannot_be_is_one_message(
    world: Path, words: tuple[str, ...], code: int, told: str, away: Path, tmp_path: Path
):
    (world / "other.jsonl").write_text(json.dumps({"id": "x", "prompt": "unasked"}) + "\n", encoding="utf-8")
    ended = run(world, words[0], *(world / word if "." in word and "=" not in word else word for word in words[1:]))
    assert ended.code == code, ended.err
    assert told in ended.err
    assert "Traceback" not in ended.err
    assert not (away / "out").exists()


def test_a_setting_without_a_generate_section_says_so(world: Path):
    ended = bench(
        "eval", "dpo", "--prompts", world / "alpaca.json", "--setting", MICRO, "--seeds", 1, "--runs", world / "runs"
    )
    assert ended.code == 2
    assert "expected a generate section" in ended.err
