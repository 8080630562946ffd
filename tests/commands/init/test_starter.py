"""The text of a starter setting: lengths, batches, quoting, and every value where it is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchbench.commands.init.seen_data import SeenData
from benchbench.commands.init.seen_model import SeenModel
from benchbench.commands.init.starter import Starter, batch_size, max_length, scalar, setting_text
from benchbench.recipe.document import read_document

MODEL = SeenModel("some/model", "0" * 40, is_here=True, model_type="llama", context=300, tokenizer=object())
DATA = SeenData(
    options={"files": {"train": "a b.jsonl"}, "holdout": {"test": 0.5}, "ignore_columns": ["x: y"]},
    splits={"train": 100, "test": 50},
    train="train",
    test="test",
    validation=None,
    columns=("prompt", "chosen", "rejected", "x:\n y"),
    ignored=("x:\n y",),
    without_conversation=("source",),
    notes=("train: 3 rows left out (no prompt)",),
    candidates=(2,),
    examples=(),
)
STARTER = Starter("mine", "mine.yaml", MODEL, DATA, "bench init", "recipe.schema.json", date(2026, 1, 2), (10, 20, 90))


def values(starter: Starter, folder: Path) -> dict[str, Any]:
    path = folder / "mine.yaml"
    path.write_text(setting_text(starter, "# $schema={}"), encoding="utf-8")
    return dict(read_document(path).values)


def test_every_value_is_where_loading_reads_it(tmp_path: Path):
    setting = values(STARTER, tmp_path)
    assert setting["model"] == {"model_name_or_path": "some/model", "revision": "0" * 40, "dtype": "float32"}
    assert setting["data"] == {"source": "local_files", "options": dict(DATA.options)}
    assert setting["tokenization"]["max_length"] == 128 and setting["tokenization"]["add_bos"] is False
    assert setting["sft"]["global_batch_size"] == setting["preference"]["global_batch_size"] == 4
    assert (setting["sft"]["learning_rate"], setting["preference"]["learning_rate"]) == (2e-5, 5e-7)
    assert setting["score"]["split"] == "test" and setting["seeds"] == {"list": [42, 13, 3407]}
    text = (tmp_path / "mine.yaml").read_text()
    assert text.startswith("# $schema=recipe.schema.json\n# Written by `bench init`.")
    for said in ("# seen: 3 training examples of up to 90 tokens; 0 are longer", "# seen: no conversation in source"):
        assert said in text
    assert max(map(len, text.splitlines())) <= 130


def test_an_instruct_model_starts_from_itself(tmp_path: Path):
    model = replace(MODEL, has_chat_template=True, writes_date=True, append_eos=False, turn_end="<|im_end|>")
    setting = values(replace(STARTER, model=replace(model, pad_token='<"pad">'), schema=None), tmp_path)
    assert setting["sft"] is None and setting["preference"]["reference"] == "base"
    assert "template" not in setting["tokenization"] and setting["tokenization"]["template_date"] == "2026-01-02"
    assert setting["model"]["pad_token"] == '<"pad">' and setting["tokenization"]["append_eos"] is False
    text = (tmp_path / "mine.yaml").read_text()
    assert (
        not text.startswith("# $schema") and "append_eos: false # the chat template ends a turn in <|im_end|>" in text
    )


def test_candidates_are_made_into_pairs(tmp_path: Path):
    setting = values(replace(STARTER, data=replace(DATA, candidates=(3, 4))), tmp_path)
    assert setting["data"]["transforms"] == [{"name": "pairs_best_worst", "splits": ["train", "test"]}]


@pytest.mark.parametrize(
    ("lengths", "context", "expected"),
    [((), None, 1024), ((5, 64), 512, 64), ((65,), 512, 128), ((400,), 300, 300), ((9000,), None, 4096), ((), 96, 96)],
)
def test_the_length_takes_what_was_seen_within_the_context(
    lengths: tuple[int, ...], context: int | None, expected: int
):
    assert max_length(replace(MODEL, context=context), lengths) == expected


@pytest.mark.parametrize(("examples", "expected"), [(3, 4), (80, 4), (160, 8), (1279, 32), (1280, 64), (10**6, 64)])
def test_an_epoch_has_twenty_steps_where_there_are_examples_for_them(examples: int, expected: int):
    assert batch_size(examples) == expected


@pytest.mark.parametrize(
    "text",
    ["a/b.jsonl", "./a", "../a", "/a/b", ".5", "0.5", "1e3", "null", "Yes", "~", "a b", "a: b", "#", "é", "- a", ""],
)
def test_a_text_is_read_back_as_the_text_it_is(tmp_path: Path, text: str):
    path = tmp_path / "a.yaml"
    path.write_text(f"key: {scalar(text)}\n", encoding="utf-8")
    assert read_document(path).values == {"key": text}


def test_the_command_that_tunes_names_the_split_that_is_there():
    for validation, said in ((None, "no split is held out to tune on"), ("valid", "--seeds 0 1 --split valid ")):
        text = setting_text(replace(STARTER, data=replace(DATA, validation=validation)), "# $schema={}")
        assert said in " ".join(text.replace("#", "").split()) and ("#   bench tune dpo" in text) == (
            validation is not None
        )
