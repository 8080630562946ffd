"""What is seen of a model folder: context, template, special tokens; what is not here is not guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.commands.init.seen_model import look_at_model, written_path
from benchbench.core.errors import BenchError
from benchbench.data import template_limits

from .models import CHAT, CHECKPOINT, model_folder

COMMIT = "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f"


def test_a_base_model_with_a_padding_token(tmp_path: Path):
    seen = look_at_model(str(CHECKPOINT), tmp_path)
    assert (seen.model_type, seen.context, seen.stored_dtype) == ("gpt_neox", 128, "float32")
    assert (seen.is_here, seen.has_chat_template, seen.has_code) == (True, False, False)
    assert (seen.pad_token, seen.add_bos, seen.append_eos, seen.turn_end) == (None, False, True, "")
    assert seen.name == str(CHECKPOINT.resolve()), "it does not lie below the setting"


def test_a_chat_template_without_an_end_of_turn_leaves_the_end_to_eos(tmp_path: Path):
    seen = look_at_model(str(model_folder(tmp_path / "m", chat_template=CHAT)), tmp_path)
    assert (seen.name, seen.has_chat_template, seen.append_eos, seen.turn_end) == ("m", True, True, "")


def test_a_chat_template_that_ends_its_turns_needs_no_eos(tmp_path: Path):
    ends = CHAT.replace("' ' }}{% endfor", "'<|user|>' }}{% endfor")
    seen = look_at_model(str(model_folder(tmp_path / "m", chat_template=ends)), tmp_path)
    assert (seen.append_eos, seen.turn_end) == (False, "<|user|>")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{{ messages }}{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            "within 0.2 s",
        ),
        ("{{ messages[0].x.y }}", "chat template: it refuses a conversation"),
    ],
)
def test_a_hostile_chat_template_ends_in_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, said: str
):
    monkeypatch.setattr(template_limits, "SECONDS", 0.2)
    with pytest.raises(BenchError, match=said):
        look_at_model(str(model_folder(tmp_path / "m", chat_template=template)), tmp_path)


@pytest.mark.parametrize("content", ["[1]", "[" * 900 + "]" * 900, '"text"', "{"])
def test_a_configuration_that_is_no_object_is_refused(tmp_path: Path, content: str):
    folder = model_folder(tmp_path / "m")
    (folder / "config.json").write_text(content)
    with pytest.raises(BenchError, match=r"config\.json: expected one JSON object, found "):
        look_at_model(str(folder), tmp_path)


def test_a_template_that_writes_the_date_is_found_without_being_rendered(tmp_path: Path):
    dated = "{{ strftime_now('%d %b %Y') }}" + CHAT
    seen = look_at_model(str(model_folder(tmp_path / "m", chat_template=dated)), tmp_path)
    assert seen.writes_date and seen.has_chat_template


def test_a_tokenizer_without_padding_gets_a_token_of_its_own_vocabulary(tmp_path: Path):
    folder = model_folder(tmp_path / "m", tokenizer={"pad_token": None})
    assert look_at_model(str(folder), tmp_path).pad_token == "<|padding|>"


def test_a_folder_without_tokenizer_is_seen_without_one(tmp_path: Path):
    folder = model_folder(tmp_path / "m", config={"auto_map": {"AutoConfig": "code.Config"}})
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    seen = look_at_model(str(folder), tmp_path)
    assert seen.tokenizer is None and seen.has_code and seen.context == 128


def test_a_hub_id_that_is_not_here_is_named_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    seen = look_at_model(f"someone/no-such-model@{COMMIT}", tmp_path)
    assert (seen.name, seen.revision, seen.is_here) == ("someone/no-such-model", COMMIT, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nowhere", "--model nowhere: expected a model folder, or a hub id with its commit as NAME@COMMIT"),
        ("someone/model", "expected a model folder, or a hub id with its commit"),
        ("someone/model@main", "--model: expected a commit (40 hexadecimal digits), got 'main'"),
        (".", "a folder without config.json; expected a model in the hub's format"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BenchError) as caught:
        look_at_model(text, tmp_path)
    assert said in str(caught.value) and caught.value.status == 2


def test_adapters_alone_are_refused_with_their_base(tmp_path: Path):
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "the/base"}')
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(BenchError, match="found adapters alone; name the/base, on which"):
        look_at_model(str(tmp_path), tmp_path)


def test_a_path_below_the_setting_moves_with_it(tmp_path: Path):
    (tmp_path / "a").mkdir()
    assert written_path(tmp_path / "a" / "b", tmp_path) == "a/b"
    assert written_path(tmp_path / "b", tmp_path / "a") == str((tmp_path / "b").resolve())
