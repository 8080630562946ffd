"""Reward models as judges: a classifier and a trained stage, against direct computation."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from harness import MICRO, Finished, finish
from stages.artefacts import local_model

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import Contest, JudgeContext
from benchbench.data.serial import from_json
from benchbench.judges.reward_model.judge import JUDGE, RewardModelOptions, identity

from .classifiers import classifier_folder, tokenizer
from .contests import contest, contests, context, verdicts


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("classifier")
    classifier_folder(made / "rm")
    return made


OPTIONS = RewardModelOptions("./rm", max_length=192)


def by_hand(folder: Path, text: str, part: slice = slice(None)) -> float:
    """Some tokens of one text through transformers alone."""
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(folder / "rm").eval()
    ids = tokenizer()(text, add_special_tokens=False)["input_ids"][part]  # type: ignore[index]
    with torch.no_grad():
        return float(model(torch.tensor([ids])).logits)


def test_a_classifier_scores_the_conversation_in_its_own_template(folder: Path):
    given = contests(4)
    found = verdicts(JUDGE, OPTIONS, given, context(folder))
    for one, verdict in zip(given, found, strict=True):
        raw = json.loads(verdict.raw)
        for slot, text in (("first", one.first), ("second", one.second)):
            whole = f"<|user|> {one.prompt[0].content} <|endoftext|><|assistant|> {text} <|endoftext|>"
            assert raw[slot] == pytest.approx(by_hand(folder, whole), abs=1e-6)
        assert verdict.first_wins == float(raw["first"] > raw["second"])
    assert len({verdict.raw for verdict in found}) == 4


def test_soft_verdicts_are_bradley_terry_probabilities(folder: Path):
    given = [contest("one", "two"), contest("two", "one"), contest("one ", "one")]
    found = verdicts(JUDGE, replace(OPTIONS, soft=True), given, context(folder))
    raw = json.loads(found[0].raw)
    assert found[0].first_wins == pytest.approx(1 / (1 + math.exp(raw["second"] - raw["first"])))
    assert found[0].first_wins + found[1].first_wins == pytest.approx(1, abs=1e-15)  # type: ignore[operator]


def test_every_text_is_scored_once(folder: Path, monkeypatch):
    from benchbench.judges.reward_model import scorers as _reward_scorers

    asked: list[str] = []
    real = _reward_scorers._encoder

    def counting(*args: Any) -> Any:
        encode = real(*args)
        return lambda prompt, text: (asked.append(text), encode(prompt, text))[1]

    monkeypatch.setattr(_reward_scorers, "_encoder", counting)
    verdicts(JUDGE, OPTIONS, [contest("a", "b"), contest("b", "c"), contest("c", "a")], context(folder))
    assert sorted(asked) == ["a", "b", "c"]


def test_a_pair_of_texts_goes_without_a_template(tmp_path: Path):
    model = classifier_folder(tmp_path / "rm", template=False)
    with pytest.raises(BenchError, match="has no chat template; give one as chat_template, or set text: text_pair"):
        verdicts(JUDGE, OPTIONS, contests(1), context(tmp_path))
    (verdict,) = verdicts(JUDGE, replace(OPTIONS, text="text_pair"), contests(1), context(tmp_path))
    one = contests(1)[0]
    ids = tokenizer()(one.prompt[0].content, one.first)["input_ids"]
    with torch.no_grad():
        assert json.loads(verdict.raw)["first"] == pytest.approx(float(model(torch.tensor([ids])).logits), abs=1e-6)
    (tmp_path / "template.jinja").write_text("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    (verdict,) = verdicts(JUDGE, replace(OPTIONS, chat_template="template.jinja"), contests(1), context(tmp_path))
    ids = tokenizer()(one.prompt[0].content + one.first, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        assert json.loads(verdict.raw)["first"] == pytest.approx(float(model(torch.tensor([ids])).logits), abs=1e-6)


def test_a_template_that_writes_todays_date_is_refused(tmp_path: Path):
    classifier_folder(tmp_path / "rm", template=False)
    (tmp_path / "today.jinja").write_text(
        "{{ strftime_now('%Y') }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    )
    with pytest.raises(BenchError, match="writes today's date into every conversation"):
        verdicts(JUDGE, replace(OPTIONS, chat_template="today.jinja"), contests(1), context(tmp_path))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ messages[0].x.y }}", "chat template: it refuses a conversation"),
        ("{{ messages * 0 }}{{ 'a' * 30000000 }}", "chat template: expected at most 20000000 characters"),
        (None, "cannot be read as UTF-8 text (a pipe or a device in the place of a file)"),
    ],
)
def test_a_hostile_template_ends_in_one_message(tmp_path: Path, template: str | None, said: str):
    classifier_folder(tmp_path / "rm", template=False)
    if template is None:
        os.mkfifo(tmp_path / "t.jinja")
    else:
        (tmp_path / "t.jinja").write_text(template)
    with pytest.raises(BenchError) as refusal:
        verdicts(JUDGE, replace(OPTIONS, chat_template="t.jinja"), contests(1), context(tmp_path))
    assert str(refusal.value).startswith("judge reward_model: chat") and said in str(refusal.value)


def test_long_texts_stop_or_are_cut_as_asked(folder: Path):
    given = [contest("which " * 60, "horse " * 60)]
    short = replace(OPTIONS, max_length=30)
    with pytest.raises(BenchError, match=r"tokens, more than max_length 30, .*; raise it, or set truncation"):
        verdicts(JUDGE, short, given, context(folder))
    raw = {}
    for side in ("right", "left"):
        (verdict,) = verdicts(JUDGE, replace(short, truncation=side), given, context(folder))
        raw[side] = json.loads(verdict.raw)
        whole = f"<|user|> {given[0].prompt[0].content} <|endoftext|><|assistant|> {given[0].first} <|endoftext|>"
        part = slice(30) if side == "right" else slice(-30, None)
        assert raw[side]["first"] == pytest.approx(by_hand(folder, whole, part), abs=1e-6)
    with pytest.raises(BenchError, match="the model reads at most 192"):
        verdicts(JUDGE, replace(OPTIONS, max_length=1000), given, context(folder))


def test_what_is_no_reward_model_is_said(tmp_path: Path):
    classifier_folder(tmp_path / "two", labels=2)
    with pytest.raises(BenchError, match="expected a classifier with one label and all weights, found 2 labels"):
        verdicts(JUDGE, replace(OPTIONS, model_name_or_path="./two"), contests(1), context(tmp_path))
    with pytest.raises(BenchError, match="max_length: required for a classifier"):
        verdicts(JUDGE, RewardModelOptions("./two"), contests(1), context(tmp_path))
    with pytest.raises(BenchError, match="no such folder"):
        verdicts(JUDGE, replace(OPTIONS, model_name_or_path="./three"), contests(1), context(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match="expected a tokenizer, found none that loads"):
        verdicts(JUDGE, replace(OPTIONS, model_name_or_path="./empty"), contests(1), context(tmp_path))
    with pytest.raises(BenchError, match=r"someone/rm \(no local folder\): revision: expected a commit"):
        identity(replace(OPTIONS, model_name_or_path="someone/rm"), tmp_path)
    pinned = replace(OPTIONS, model_name_or_path="someone/rm", revision="ab" * 20)
    assert identity(pinned, tmp_path) == {"weights": f"someone/rm@{'ab' * 20}"}


def test_a_hub_model_that_is_not_here_is_unavailable_offline(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pinned = replace(OPTIONS, model_name_or_path="someone/rm", revision="ab" * 20)
    with pytest.raises(BenchError, match="not on this machine, and HF_HUB_OFFLINE=1 forbids the network"):
        verdicts(JUDGE, pinned, contests(1), context(tmp_path))


def test_a_hub_model_that_is_damaged_in_the_cache_gives_no_verdict(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    blob = tmp_path / "models--someone--rm" / "blobs" / ("0" * 40)
    link = blob.parents[1] / "snapshots" / ("ab" * 20) / "config.json"
    for path in (blob, link):
        path.parent.mkdir(parents=True)
    blob.write_text("{}")
    link.symlink_to(blob)
    pinned = replace(OPTIONS, model_name_or_path="someone/rm", revision="ab" * 20)
    with pytest.raises(BenchError, match=f"config.json: expected git {blob.name}, found .* give the command again"):
        verdicts(JUDGE, pinned, contests(1), context(tmp_path))


def test_the_identity_is_the_content_of_the_folder(tmp_path: Path):
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        classifier_folder(tmp_path / name, seed=seed)
    one, two, three = (identity(RewardModelOptions(f"./{name}"), tmp_path) for name in ("one", "two", "three"))
    assert one == two != three


@pytest.fixture(scope="module")
def trained(finished: Finished) -> Path:
    """The folder of a finished reward-model stage."""
    return sorted((finished.runs / "reward_model").iterdir())[0]


def test_a_trained_stage_gives_the_rewards_of_its_own_reward_stage(finished: Finished, trained: Path):
    """As `bench` wrote them into rows.parquet, by another path: padded batches there, one text at a time here."""
    checked = 0
    for folder in sorted((finished.runs / "reward").iterdir()):
        lock = (folder / "lock.yaml").read_text()
        if f"reward_model/{trained.name}" not in lock or "split: test" not in lock:
            continue
        rows = pd.read_parquet(folder / "rows.parquet").set_index(["example", "candidate"])["reward"]
        data = next((finished.runs / "data").iterdir()) / "test.jsonl"
        examples = [from_json(json.loads(line)) for line in data.read_text().splitlines()]
        given = [Contest(one.id, 0, one.prompt, *one.candidates) for one in examples]
        for one, verdict in zip(given, verdicts(JUDGE, RewardModelOptions(str(trained)), given), strict=True):
            raw = json.loads(verdict.raw)
            assert raw["first"] == pytest.approx(rows[one.example, 0], abs=1e-5)
            assert raw["second"] == pytest.approx(rows[one.example, 1], abs=1e-5)
            checked += 1
    assert checked == 40


def test_a_relative_folder_starts_at_the_recipe(trained: Path):
    given = [Contest("e", 0, (Message("user", "what is red and blue"),), "answer : a .", "answer : b .")]
    here = verdicts(JUDGE, RewardModelOptions(str(trained)), given)
    assert verdicts(JUDGE, RewardModelOptions(f"./{trained.name}"), given, context(trained.parent)) == here
    assert identity(RewardModelOptions(f"./{trained.name}"), trained.parent) == identity(
        RewardModelOptions(str(trained)), Path()
    )


def test_what_the_options_name_replaces_the_stages_tokenisation(trained: Path):
    given = [Contest("e", 0, (Message("user", "what is red and blue"),), "answer : a .", "answer : b .")]
    plain, bare = RewardModelOptions(str(trained)), RewardModelOptions(str(trained), append_eos=False)
    assert verdicts(JUDGE, plain, given) != verdicts(JUDGE, bare, given)
    assert identity(plain, Path()) != identity(bare, Path())
    with pytest.raises(BenchError, match="more than max_length 5"):
        verdicts(JUDGE, RewardModelOptions(str(trained), max_length=5), given)


@pytest.mark.parametrize(
    ("name", "value"),
    [("chat_template", "t.jinja"), ("text", "text_pair"), ("trust_remote_code", True), ("revision", "ab" * 20)],
)
def test_what_a_trained_stage_does_not_read_is_refused(trained: Path, name: str, value: Any):
    """At planning, when the identity is made, and by whoever judges without one."""
    given = RewardModelOptions(str(trained), **{name: value})
    for tried in (lambda: identity(given, Path()), lambda: verdicts(JUDGE, given, contests(1))):
        with pytest.raises(BenchError, match=f"judge reward_model, .*: 1 problem\n  {name}: expected none for a"):
            tried()


def test_what_a_classifier_does_not_read_is_refused(folder: Path):
    given = replace(OPTIONS, append_eos=True, revision="ab" * 20)
    for tried in (lambda: identity(given, folder), lambda: verdicts(JUDGE, given, contests(1), context(folder))):
        with pytest.raises(BenchError, match=r"(?s)2 problems.*revision: expected none for a local.*append_eos: exp"):
            tried()


def test_a_folder_with_a_pickle_in_the_place_of_its_weights_has_no_identity(tmp_path: Path):
    classifier_folder(tmp_path / "rm")
    (tmp_path / "rm" / "model.safetensors").rename(tmp_path / "rm" / "optimizer.safetensors")
    (tmp_path / "rm" / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(BenchError, match="found pytorch_model.bin") as caught:
        identity(OPTIONS, tmp_path)
    assert caught.value.status == 5


def test_a_classifier_with_weights_that_it_has_no_place_for_is_refused(tmp_path: Path):
    """Such as a second head: without it the rewards are not those of its makers."""
    from safetensors.torch import load_file, save_file

    classifier_folder(tmp_path / "rm")
    path = tmp_path / "rm" / "model.safetensors"
    tensors = load_file(path)
    save_file(tensors | {"gating.weight": tensors["score.weight"].clone()}, path, metadata={"format": "pt"})
    with pytest.raises(BenchError, match=r"found some that it has no place for: gating\.weight"):
        verdicts(JUDGE, OPTIONS, contests(1), context(tmp_path))


def test_weights_that_were_changed_since_give_no_verdict(tmp_path: Path):
    classifier_folder(tmp_path / "rm")
    where = JudgeContext(tmp_path, pins=identity(OPTIONS, tmp_path))
    assert len(verdicts(JUDGE, OPTIONS, contests(1), where)) == 1
    classifier_folder(tmp_path / "rm", seed=1)
    with pytest.raises(BenchError, match=r"judge.options.model_name_or_path \(./rm\): expected the content"):
        verdicts(JUDGE, OPTIONS, contests(1), where)


def test_a_request_to_stop_is_heard_between_two_contests(folder: Path):
    answers = iter([False, False, True])
    stopping = JudgeContext(folder, should_stop=lambda: next(answers))
    assert [place for place, _ in JUDGE.judge(OPTIONS, contests(9), stopping)] == [0, 1]


def test_a_stage_with_adapters_is_loaded_with_them(tmp_path: Path, finished: Finished):
    """Rewards of a reward-model stage trained by adapters, which stand beside its backbone."""
    setting = tmp_path / "lora.yaml"
    setting.write_text(MICRO.read_text(encoding="utf-8"))
    base = sorted((finished.runs / "sft").iterdir())[0] / "model"
    more = "lora: {lora_r: 4, lora_alpha: 8, lora_dropout: 0.0, lora_target_modules: [query_key_value, dense]}\n"
    local_model(setting, base, more)
    status = finish(["ddo_rm"], runs=tmp_path / "runs", setting=setting, sets=["reward_model.learning_rate=1e-2"])
    assert set(status.values()) == {"done"}, status
    (stage,) = (tmp_path / "runs" / "reward_model").iterdir()
    assert (stage / "model" / "adapter" / "adapter_config.json").is_file()
    rows = pd.concat(pd.read_parquet(p) for p in (tmp_path / "runs" / "reward").glob("*/rows.parquet"))
    rows = rows.set_index(["example", "candidate"])["reward"]
    data = next((tmp_path / "runs" / "data").iterdir()) / "test.jsonl"
    example = from_json(json.loads(data.read_text().splitlines()[0]))
    (verdict,) = verdicts(
        JUDGE, RewardModelOptions(str(stage)), [Contest(example.id, 0, example.prompt, *example.candidates)]
    )
    assert json.loads(verdict.raw)["first"] == pytest.approx(rows[example.id, 0], abs=1e-5)


def test_a_folder_of_another_stage_is_refused(finished: Finished, tmp_path: Path):
    other = next((finished.runs / "sft").iterdir())
    with pytest.raises(BenchError, match="expected a reward_model stage, found one of kind sft"):
        verdicts(JUDGE, RewardModelOptions(str(other)), contests(1))
    half = tmp_path / "half"
    half.mkdir()
    (half / "lock.yaml").write_text("kind: reward_model\n")
    with pytest.raises(BenchError, match="expected the folder of a finished stage"):
        verdicts(JUDGE, RewardModelOptions(str(half)), contests(1))
