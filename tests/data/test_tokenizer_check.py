"""A loaded tokenizer against its files: what transformers makes of some is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from benchbench.core.errors import BenchError
from benchbench.data import tokenizer_check
from benchbench.data.tokenizer import load_tokenizer, read_tokenizer

from .tokenizers import TEXT, bytes_with, words


def read(folder: Path) -> PreTrainedTokenizerFast:
    return read_tokenizer(str(folder), revision=None, folder=Path())  # type: ignore[return-value]


def configured(folder: Path, **values: object) -> Path:
    path = folder / "tokenizer_config.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(known | values), encoding="utf-8")
    return folder


def saved(folder: Path, tokenizer: PreTrainedTokenizerFast | None = None, **values: object) -> Path:
    (tokenizer or bytes_with()).save_pretrained(folder)
    return configured(folder, **values)


def parts(folder: Path, **values: object) -> Path:
    """The byte-level one as vocab.json and merges.txt."""
    folder.mkdir(exist_ok=True)
    bytes_with().backend_tokenizer.model.save(str(folder))
    return configured(folder, **values) if values else folder


def wordpiece(lower: bool) -> PreTrainedTokenizerFast:
    """As BERT has it: white space is no part of its tokens."""
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # type: ignore[call-arg]
    backend.normalizer = normalizers.BertNormalizer(lowercase=lower)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=["[UNK]", "[PAD]"], show_progress=False)
    backend.train_from_iterator([TEXT, TEXT.upper()], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")


@pytest.mark.parametrize("make", [words, bytes_with, lambda: wordpiece(True), lambda: wordpiece(False)])
def test_what_was_saved_as_it_is_passes(tmp_path, make):
    assert len(read(saved(tmp_path, make()))) == len(make())


def test_a_class_that_rebuilds_a_byte_level_tokenizer_without_spaces_is_refused(tmp_path):
    saved(tmp_path, tokenizer_class="LlamaTokenizerFast")
    with pytest.raises(BenchError) as caught:
        read(tmp_path)
    message = str(caught.value)
    assert "LlamaTokenizer does not do what tokenizer.json says: 'The quick brown fox" in message
    assert "by the file" in message and "as it is loaded" in message
    assert "set tokenizer_class in tokenizer_config.json to PreTrainedTokenizerFast" in message
    configured(tmp_path, tokenizer_class="PreTrainedTokenizerFast")
    assert read(tmp_path).decode(read(tmp_path)("a b c").input_ids) == "a b c"


def test_a_class_that_cuts_words_by_another_rule_is_refused_although_every_text_comes_back(tmp_path):
    with pytest.raises(BenchError, match=r"Qwen2Tokenizer does not do what tokenizer\.json says: '.*1,000"):
        read(saved(tmp_path, numbers_together(), tokenizer_class="Qwen2TokenizerFast"))


def numbers_together() -> PreTrainedTokenizerFast:
    tokenizer = bytes_with()
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = tokenizer.backend_tokenizer.pre_tokenizer
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(["100000 1000 3.14 <|endoftext|>"] * 9, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend)


def test_the_type_of_the_model_beside_it_may_choose_the_class_and_is_named_then(tmp_path):
    saved(tmp_path, words())
    assert read(tmp_path).decode(read(tmp_path)("the cat").input_ids) == "the cat"
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}')
    with pytest.raises(BenchError, match=r"beside a model of type qwen2 .* name a folder without config\.json"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["pad_token", "eos_token", "extra_special_tokens"])
def test_a_special_token_that_is_not_in_the_vocabulary_is_refused(tmp_path, name):
    saved(tmp_path, **{name: ["<new>"] if name.startswith("extra") else "<new>"})
    size = len(bytes_with())
    told = rf"tokenizer\.json has {size} entries, \w+ has {size + 1}: '<new>' would get ids from {size} on"
    with pytest.raises(BenchError, match=told):
        read(tmp_path)


def test_one_whose_id_is_written_down_is_taken(tmp_path):
    size = len(bytes_with())
    saved(tmp_path, added_tokens_decoder={str(size): {"content": "<new>", "special": True}}, pad_token="<new>")
    assert read(tmp_path).pad_token_id == size


def test_a_vocabulary_with_its_merges_is_read_where_a_class_is_named(tmp_path):
    tokenizer = read(parts(tmp_path, tokenizer_class="GPT2Tokenizer", unk_token="<|endoftext|>"))
    text = "abab ab\n\n x\u00e9"
    assert tokenizer(text).input_ids == bytes_with()(text).input_ids
    assert tokenizer.decode(tokenizer(text).input_ids) == text


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "found none that loads .from vocab.json, merges.txt"),
        ({"tokenizer_class": "PreTrainedTokenizerFast"}, "found none that loads .from tokenizer_config.json"),
        ({"tokenizer_class": "LlamaTokenizer"}, "vocab.json has 266 entries, LlamaTokenizer has 3, without"),
        ({"tokenizer_class": "GPTNeoXTokenizer"}, "GPTNeoXTokenizer has 267: '<.padding.>' would get ids from 266 on"),
        ({"tokenizer_class": "T5Tokenizer"}, "vocab.json has 266 entries, T5Tokenizer has .*, without"),
    ],
)
def test_else_it_is_refused_with_what_to_do(tmp_path, values, told):
    with pytest.raises(BenchError, match=told) as caught:
        read(parts(tmp_path, **values))
    assert "tokenizer.json" in str(caught.value) or "name tokens of the vocabulary" in str(caught.value)


def test_merges_that_are_missing_are_not_guessed(tmp_path):
    (parts(tmp_path, tokenizer_class="GPT2Tokenizer", unk_token="<|endoftext|>") / "merges.txt").unlink()
    with pytest.raises(BenchError, match=r"merges"):
        read(tmp_path)


def test_a_word_list_of_lines_has_its_ids_from_their_order(tmp_path):
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij", *(f"##{c}" for c in "abcdefghij")]
    (tmp_path / "vocab.txt").write_text("\n".join(tokens))
    configured(tmp_path, tokenizer_class="BertTokenizer")
    assert read(tmp_path)("ab", add_special_tokens=False).input_ids == [5, 16]


def test_a_decoder_that_does_not_undo_the_encoding_is_refused(tmp_path):
    tokenizer = bytes_with()
    tokenizer.backend_tokenizer.decoder = decoders.Metaspace()
    with pytest.raises(
        BenchError, match=r"does not keep what its vocabulary has tokens for: 'The quick .* comes back as"
    ):
        read(saved(tmp_path, tokenizer))


def test_so_is_a_pre_tokenizer_that_makes_spaces_vanish(tmp_path):
    tokenizer = words()
    whole = json.loads(tokenizer.backend_tokenizer.to_str()) | {"pre_tokenizer": None}
    backend = Tokenizer.from_str(json.dumps(whole))
    with pytest.raises(BenchError, match=r"does not keep what its vocabulary has tokens for"):
        read(saved(tmp_path, PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<|padding|>")))


@pytest.mark.parametrize("normaliser", [normalizers.Lowercase(), normalizers.NFKC(), normalizers.StripAccents()])
def test_what_a_normaliser_says_that_it_changes_is_no_fault(tmp_path, normaliser):
    tokenizer = bytes_with()
    tokenizer.backend_tokenizer.normalizer = normaliser
    read(saved(tmp_path, tokenizer))


def test_the_file_is_read_again_only_once_it_was_written(tmp_path):
    tokenizer_check._expected.cache_clear()
    saved(tmp_path)
    for _ in range(3):
        read(tmp_path)
    assert tokenizer_check._expected.cache_info().misses == 1
    path = tmp_path / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    read(tmp_path)
    assert tokenizer_check._expected.cache_info().misses == 2


@pytest.mark.shared_data
def test_a_sentencepiece_model_that_is_converted_to_another_tokenizer_is_refused(shared, tmp_path):
    """Two spaces before a word, or one before a text: transformers 5 cuts them otherwise than sentencepiece."""
    pytest.importorskip("sentencepiece")
    (tmp_path / "tokenizer.model").write_bytes((shared / "tokenizers" / "llama2" / "tokenizer.model").read_bytes())
    with pytest.raises(BenchError, match=r"does not do what tokenizer\.model says"):
        read(configured(tmp_path, tokenizer_class="LlamaTokenizer"))


@pytest.mark.shared_data
def test_a_real_tokenizer_without_its_file_of_rules_is_the_one_with_them(shared):
    tokenizer = load_tokenizer("tokenizers/gpt2", revision=None, pad_token="<|endoftext|>", folder=shared)
    assert tokenizer("Hello  world\n", add_special_tokens=False)["input_ids"] == [15496, 220, 995, 198]
