"""Tokenizers trained here or loaded pinned, and the hash that tells them apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.tokenizer import (
    check_saved,
    id_bound,
    load_tokenizer,
    read_tokenizer,
    save_tokenizer,
    tokenizer_hash,
    train_tokenizer,
)
from benchbench.recipe.model import TokenizerTraining

from .tokenizers import CHATML, TEXT, bytes_with, words

TRAINING = TokenizerTraining(vocab_size=500, split="sft", special_tokens=("<|user|>", "<|assistant|>"))


def test_padding_and_end_come_first_then_the_sections_own_special_tokens():
    tokenizer = words()
    specials = ["<|padding|>", "<|endoftext|>", "<|user|>", "<|assistant|>"]
    assert tokenizer.convert_tokens_to_ids(specials) == [0, 1, 2, 3]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.bos_token_id) == (0, 1, None)
    assert tokenizer.decode([2, *tokenizer.encode("the cat"), 1], skip_special_tokens=True) == "the cat"


def test_every_word_of_the_texts_is_one_token():
    tokenizer = words()
    assert all(len(tokenizer(word, add_special_tokens=False)["input_ids"]) == 1 for word in TEXT.split())
    text = "<|user|>the cat<|assistant|>a dog"
    assert tokenizer.tokenize(text) == ["<|user|>", "\u2581the", "\u2581cat", "<|assistant|>", "\u2581a", "\u2581dog"]


def test_nothing_is_added_that_was_not_asked_for():
    assert words()("the cat")["input_ids"] == words()("the cat", add_special_tokens=False)["input_ids"]


def test_the_same_texts_in_any_order_give_the_same_tokenizer():
    texts = [f"{word} {TEXT}" for word in TEXT.split()]
    once, again = train_tokenizer(texts, TRAINING), train_tokenizer(reversed(texts), TRAINING)
    assert tokenizer_hash(once) == tokenizer_hash(again)
    other = train_tokenizer([*texts, "zebra"], TRAINING)
    assert tokenizer_hash(other) != tokenizer_hash(once)


def test_the_vocabulary_keeps_its_limit_or_says_that_it_cannot():
    """Its characters, the mark of a space and 4 special tokens."""
    characters = len(set(TEXT.replace(" ", "")) | {"\u2581"})
    limit = characters + 4
    small = train_tokenizer([TEXT], TRAINING.model_copy(update={"vocab_size": limit}))
    assert len(small) == limit
    with pytest.raises(BenchError, match=rf"vocab_size: expected at least {limit} .*, got {limit - 1}"):
        train_tokenizer([TEXT], TRAINING.model_copy(update={"vocab_size": limit - 1}))


def test_a_saved_tokenizer_loads_with_the_same_hash(tmp_path):
    words().save_pretrained(tmp_path / "tok")
    loaded = load_tokenizer("tok", revision=None, pad_token=None, folder=tmp_path)
    assert tokenizer_hash(loaded) == tokenizer_hash(words())
    assert loaded.pad_token == "<|padding|>"


def test_the_hash_sees_what_reaches_ids_and_text_and_no_more():
    plain = tokenizer_hash(bytes_with())
    with_template = bytes_with()
    with_template.chat_template = CHATML
    assert len({plain, tokenizer_hash(with_template), tokenizer_hash(bytes_with(bos_token="<s>"))}) == 3
    padded = bytes_with()
    padded(["a", "abc"], padding=True, truncation=True, max_length=2)
    assert tokenizer_hash(padded) == plain


def test_a_padding_token_must_be_named_and_known(tmp_path):
    bytes_with(pad_token=None).save_pretrained(tmp_path)
    where = {"revision": None, "folder": tmp_path}
    with pytest.raises(BenchError, match=r"model\.pad_token: required, since .* special tokens are .*<\|endoftext\|>"):
        load_tokenizer(".", pad_token=None, **where)
    with pytest.raises(BenchError, match=r"model\.pad_token: expected a token of \.'s vocabulary, got '<pad>'"):
        load_tokenizer(".", pad_token="<pad>", **where)
    assert load_tokenizer(".", pad_token="<s>", **where).pad_token == "<s>"


def test_what_is_saved_is_what_is_read_back(tmp_path):
    """With a padding token and a template that were set since, and beside a model."""
    tokenizer = bytes_with(pad_token=None)
    tokenizer.pad_token, tokenizer.chat_template = "<s>", CHATML
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    save_tokenizer(tokenizer, tmp_path)
    again = read_tokenizer(str(tmp_path), revision=None, folder=Path())
    assert (again.pad_token, again.chat_template) == ("<s>", CHATML)
    assert tokenizer_hash(again) == tokenizer_hash(tokenizer)


def test_a_file_left_over_in_the_folder_does_not_become_part_of_it_unseen(tmp_path):
    (tmp_path / "chat_template.jinja").write_text("of another")
    with pytest.raises(
        BenchError, match="read back, differs from the one in memory: its chat template differs"
    ) as caught:
        save_tokenizer(words(), tmp_path)
    assert caught.value.exit_code == ExitCode.FAILED


def test_a_tokenizer_that_is_another_beside_the_model_is_not_left_there(tmp_path):
    """Beside a Qwen2, transformers reads any tokenizer as Qwen2's, which has no mark of a space like this one's."""
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}')
    with pytest.raises(BenchError, match=r"saved tokenizer, read back, differs .* Qwen2Tokenizer does not do"):
        save_tokenizer(words(), tmp_path)
    with pytest.raises(
        BenchError, match=r"model: beside a model of type qwen2, the saved tokenizer, read back, .* another"
    ):
        check_saved(words(), "qwen2", "model")
    check_saved(words(), "llama", "model")


def test_settings_that_change_ids_or_texts_are_in_the_hash_where_they_are_not_as_usual(tmp_path):
    tokenizer = bytes_with()
    plain = tokenizer_hash(tokenizer)
    tokenizer.split_special_tokens = True
    assert tokenizer_hash(tokenizer) != plain
    tokenizer.split_special_tokens = False
    tokenizer.clean_up_tokenization_spaces = True
    assert tokenizer_hash(tokenizer) == plain, "byte-pair encoding ignores it"


CODE = """
from transformers import PreTrainedTokenizerFast

class Own(PreTrainedTokenizerFast):
    greeting = "GREETING"
"""


def test_code_of_its_own_is_in_the_hash_and_is_read_where_it_is_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(tmp_path / "modules")
    hashes = []
    for greeting in ("good", "bad"):
        folder = tmp_path / greeting
        bytes_with().save_pretrained(folder)
        (folder / "own.py").write_text(CODE.replace("GREETING", greeting))
        path = folder / "tokenizer_config.json"
        config = json.loads(path.read_text()) | {"auto_map": {"AutoTokenizer": [None, "own.Own"]}}
        path.write_text(json.dumps(config | {"tokenizer_class": "Own"}))
        tokenizer = load_tokenizer(greeting, revision=None, pad_token=None, folder=tmp_path, trust_remote_code=True)
        assert type(tokenizer).__name__ == "Own"
        hashes.append(tokenizer_hash(tokenizer))
    assert len({*hashes, tokenizer_hash(bytes_with())}) == 3


def test_ids_that_are_left_out_count_as_rows(tmp_path):
    tokenizer = bytes_with()
    assert id_bound(tokenizer) == len(tokenizer)
    whole = json.loads(tokenizer.backend_tokenizer.to_str())
    last = max(whole["model"]["vocab"], key=lambda token: whole["model"]["vocab"][token])
    whole["model"]["vocab"][last] += 10
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text(json.dumps(whole))
    again = read_tokenizer(str(tmp_path), revision=None, folder=Path())
    assert id_bound(again) == len(again) + 10 == len(tokenizer) + 10


@pytest.mark.parametrize(
    ("name", "revision", "message", "code"),
    [
        ("./nowhere", None, "no such folder", ExitCode.UNAVAILABLE),
        ("someone/model", None, "someone/model: revision required for a hub id", ExitCode.USAGE),
        ("someone/model", "main", "expected a commit .* got 'main'", ExitCode.USAGE),
        ("someone/model", "0" * 40, "not on this machine, and HF_HUB_OFFLINE=1 forbids", ExitCode.UNAVAILABLE),
        ("empty", None, "expected a tokenizer, found none that loads", ExitCode.USAGE),
        ("empty", "0" * 40, "a local folder has no revision", ExitCode.USAGE),
    ],
)
def test_what_cannot_be_loaded_is_said(tmp_path, monkeypatch, name, revision, message, code):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match=message) as caught:
        load_tokenizer(name, revision=revision, pad_token=None, folder=tmp_path)
    assert caught.value.exit_code == code


def test_the_toy_world_has_one_token_per_word():
    """295 entries in the document's world; ours has other wordings and nearly as many."""
    from benchbench.sources.toy import source as toy

    world = toy.load(toy.ToyOptions(preference_prompts=200, test_prompts=300, validation_prompts=1), Path())
    texts = [text for e in world["sft"] for text in (e.prompt[0].content, *e.candidates)]
    tokenizer = train_tokenizer(texts, TRAINING.model_copy(update={"vocab_size": 512}))
    assert len(tokenizer) == pytest.approx(295, abs=10)
    for split in ("train", "test"):
        for example in world[split]:
            whole = f"<|user|>{example.prompt[0].content}<|assistant|>{example.candidates[0]}"
            spoken = len(example.prompt[0].content.split()) + len(example.candidates[0].split())
            assert len(tokenizer(whole, add_special_tokens=False)["input_ids"]) == spoken + 2


def test_who_asks_again_gets_a_tokenizer_of_his_own_and_changed_files_are_read_anew(tmp_path: Path):
    def read():
        return read_tokenizer(str(tmp_path), revision=None, folder=Path())

    save_tokenizer(words(), tmp_path)
    first, again = read(), read()
    first.pad_token = "the"
    assert again is not first and again.pad_token == read().pad_token == "<|padding|>"
    assert tokenizer_hash(again) == tokenizer_hash(words()) != tokenizer_hash(first)
    other = train_tokenizer([TEXT.replace("cat", "cow")], TRAINING)
    save_tokenizer(other, tmp_path)
    assert tokenizer_hash(read()) == tokenizer_hash(other) != tokenizer_hash(words())
    path = tmp_path / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    with pytest.raises(
        BenchError, match=r"expected a tokenizer, found none that loads .*; bring its files back as they"
    ):
        read()


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "pad_token", "size"),
    [
        ("tokenizers/neox_20b", None, 50277),
        ("tokenizers/gpt2", "<|endoftext|>", 50257),
        ("tokenizers/llama2", "<unk>", 32000),
        ("models/stories260K", None, 512),
    ],
)
def test_the_real_tokenizers_load(shared, name, pad_token, size):
    tokenizer = load_tokenizer(name, revision=None, pad_token=pad_token, folder=shared)
    assert len(tokenizer) == size and tokenizer.is_fast
    assert tokenizer.pad_token == (pad_token or {"tokenizers/neox_20b": "<|padding|>"}.get(name, "<unk>"))
    if pad_token is not None:
        with pytest.raises(BenchError, match=r"model\.pad_token: required"):
            load_tokenizer(name, revision=None, pad_token=None, folder=shared)
