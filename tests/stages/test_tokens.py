"""Stages that read a split the same way share its tokens, whatever their method and seed."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import torch
from harness import MICRO

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.data_ref import DataRef
from benchbench.core.errors import BenchError
from benchbench.core.records import StageSpec
from benchbench.data.serial import to_json
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenized import Tokenized
from benchbench.stages import context as stage_context
from benchbench.stages import tokens
from benchbench.stages.context import StageContext
from benchbench.stages.settings import ReadingSettings
from benchbench.stages.tokens import PARALLELISM, made_of
from benchbench.store.made import write_made
from benchbench.store.runs import RunStore
from benchbench.store.tokens import entry_folder

WAY = {"on_empty": "drop", "keep_all": False, "demonstrations": False}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunStore, list[StageSpec]]:
    """Two methods and two seeds of the micro setting, planned, and all their stages."""
    options = RunOptions("cpu", runs=tmp_path_factory.mktemp("tokens") / "runs")
    plan = prepare_comparison(CompareRequest(["dpo", "simpo"], str(MICRO), ["1", "2"]), options).session.plan
    return options.store, list(plan.stages.values())


class Reader:
    """Reads what stages of a plan read, and counts how often something was tokenised."""

    def __init__(self, planned: tuple[RunStore, list[StageSpec]], monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.specs = planned
        self.calls, self.said = 0, list[str]()
        self.parallel: str | None = None
        monkeypatch.setattr(stage_context, "tokenize_examples", self._tokenize)

    def _tokenize(self, *args: Any, **more: Any) -> Tokenized:
        self.calls += 1
        self.parallel = os.environ[PARALLELISM]
        return tokenize_examples(*args, **more)

    def contexts(self, kind: str, split: str) -> list[StageContext]:
        store = self.store
        return [
            StageContext(
                spec,
                store.folder(spec.key),
                store.root,
                torch.device("cpu"),
                lambda event: self.said.append(event["message"]),
                lambda: False,
            )
            for spec in self.specs
            if spec.kind == kind and spec.settings.data.split == split
        ]


@pytest.fixture
def reader(planned: tuple[RunStore, list[StageSpec]], monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(planned, monkeypatch)


def test_all_methods_and_seeds_read_what_was_tokenised_once(reader: Reader):
    contexts = reader.contexts("preference", "train")
    assert len({context.spec.key for context in contexts}) == 4, "two methods, two seeds"
    read = [context.tokenized(context.tokenizer(), on_empty="drop") for context in contexts]
    assert reader.calls == 1 and reader.said == []
    section = contexts[0].tokenization()
    made = tokenize_examples(contexts[0].examples(), contexts[0].tokenizer(), section, on_empty="drop")
    assert all(list(one.examples) == list(made.examples) and one.report == made.report for one in read)


def test_another_way_of_reading_is_another_entry(reader: Reader):
    context = reader.contexts("preference", "train")[0]
    tokenizer = context.tokenizer()
    before = reader.calls
    for more in ({"on_empty": "error"}, {"on_empty": "error", "keep_all": True}, {"on_empty": "error"}):
        context.tokenized(tokenizer, **more)
    assert reader.calls - before == 2
    alone = context.tokenized(tokenizer, on_empty="error", demonstrations=True)
    assert {len(example.candidates) for example in alone.examples} == {1} and reader.calls - before == 3


def test_an_entry_that_was_made_again_is_told_with_the_stage(reader: Reader):
    context = reader.contexts("sft", "sft")[0]
    tokenizer = context.tokenizer()
    first = context.tokenized(tokenizer, on_empty="drop")
    path = entry_folder(reader.store.root, made_of(context.reading, context.data_content(), WAY)) / "tokens.npy"
    content = path.read_bytes()
    path.unlink()  # what was read is a view of it
    path.write_bytes(content[:-2])
    again = context.tokenized(tokenizer, on_empty="drop")
    assert list(again.examples) == list(first.examples)
    assert reader.calls == 2 and "found tokens.npy with other content; they are made again" in reader.said[0]


def test_data_that_were_edited_are_refused_though_their_tokens_are_kept(reader: Reader):
    context = reader.contexts("score", "test")[0]
    tokenizer = context.tokenizer()
    context.tokenized(tokenizer, on_empty="keep_constant", keep_all=True)
    path = reader.store.root / "data" / context.run.data_key / "test.jsonl"
    whole = path.read_bytes()
    try:
        for content in (whole[: whole.rindex(b'{"id')], None):
            path.write_bytes(content) if content is not None else path.unlink()
            with pytest.raises(BenchError, match="expected the data as they were prepared"):
                context.tokenized(tokenizer, on_empty="keep_constant", keep_all=True)
    finally:
        path.write_bytes(whole)
    context.tokenized(tokenizer, on_empty="keep_constant", keep_all=True)
    assert reader.calls == 1


@pytest.mark.parametrize("before", [None, "false", "0"])
def test_only_while_tokens_are_made_tokenizers_have_all_cores(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, before: str | None
):
    monkeypatch.delenv(PARALLELISM, raising=False)
    if before is not None:
        monkeypatch.setenv(PARALLELISM, before)
    context = reader.contexts("reward_model", "reward") or reader.contexts("preference", "train")
    context[0].tokenized(context[0].tokenizer(), on_empty="keep_constant", keep_all=before is None)
    assert reader.parallel in {None, "true"} and os.environ.get(PARALLELISM) == before


@pytest.fixture
def reading(planned: tuple[RunStore, list[StageSpec]]) -> ReadingSettings:
    return next(spec.settings for spec in planned[1] if spec.kind == "preference")


def changed(reading: ReadingSettings, **section: Any) -> ReadingSettings:
    return reading.model_copy(update={"tokenization": reading.tokenization.model_copy(update=section)})


INGREDIENTS: dict[str, Any] = {
    "max_length": {"max_length": 127},
    "truncation": {"truncation": "left"},
    "max_prompt_length": {"max_prompt_length": 90},
    "overlong_mask": {"overlong_mask": "untruncated_prompt"},
    "add_bos": {"add_bos": True},
    "append_eos": {"append_eos": False},
    "content of the chat template": {"chat_template": "0123abcd"},
    "date of the chat template": {"template_date": date(2024, 7, 26)},
    "no template": {"template": None},
}


@pytest.mark.parametrize("what", INGREDIENTS)
def test_every_tokenisation_setting_moves_the_key(reading: ReadingSettings, what: str):
    assert key(changed(reading, **INGREDIENTS[what])) != key(reading)


def test_the_tokenizer_the_data_and_the_way_of_reading_move_the_key(reading: ReadingSettings):
    other = reading.model_copy(update={"model": reading.model.model_copy(update={"tokenizer": "other"})})
    assert key(other) != key(reading)
    data = [{"split": "train", "hash": "1"}, {"split": "train", "hash": "2"}, {"split": "test", "hash": "1"}]
    data += [{"split": "train", "made_by": f"pairs/{i}", "file": f"{j}"} for i, j in ((1, 1), (1, 2), (2, 1))]
    ways = [WAY, WAY | {"on_empty": "error"}, WAY | {"keep_all": True}, WAY | {"demonstrations": True}]
    keys = [key(reading, data=each) for each in data] + [key(reading, way=way) for way in ways]
    assert len(set(keys)) == len(keys)


def test_versions_of_the_code_and_of_libraries_move_the_key(reading: ReadingSettings, monkeypatch: pytest.MonkeyPatch):
    keys = [key(reading)]
    monkeypatch.setattr(tokens, "VERSION", tokens.VERSION + 1)
    keys.append(key(reading))
    monkeypatch.setattr("benchbench.store.tokens.FORMAT", 99)
    keys.append(key(reading))
    monkeypatch.setattr(tokens, "version", lambda name: "0")
    keys.append(key(reading))
    assert len(set(keys)) == 4


def test_what_cannot_reach_the_tokens_leaves_the_key_alone(planned: tuple[RunStore, list[StageSpec]]):
    keys = {key(spec.settings) for spec in planned[1] if spec.kind in ("sft", "preference", "score", "reward_model")}
    assert len(keys) == 1, "methods, seeds, kinds of stage: the same texts give the same ids"


def key(reading: ReadingSettings, data: Any = None, way: Any = WAY) -> str:
    return entry_folder(Path(), made_of(reading, data or {"split": "train", "hash": "0"}, way)).name


def test_examples_that_a_stage_made_are_known_by_stage_and_content(reader: Reader):
    context = reader.contexts("preference", "train")[0]
    examples = context.examples()
    settings = context.settings.model_copy(update={"data": DataRef("train", made_by="pairs/1")})
    made = replace(context, spec=replace(context.spec, settings=settings))
    contents = []
    for given in (examples, examples[:5]):
        write_made(reader.store.root / "pairs/1", {"train": given}, to_json)
        contents.append(made.data_content())
        read = made.tokenized(made.tokenizer(), on_empty="drop").examples
        assert [example.id for example in read] == [example.id for example in given]
    assert contents[0] == {"split": "train", "hash": None, "made_by": "pairs/1", "file": contents[0]["file"]}
    assert contents[0]["file"] != contents[1]["file"] and reader.calls == 2
