"""Texts that tell tokenizers apart, and characters that a vocabulary can hold."""

from __future__ import annotations

import pytest

from benchbench.data.tokenizer_probes import (
    MOST_SPECIAL,
    TEXTS,
    VOCABULARY_SAMPLE,
    Held,
    drops_white_space,
    ids_of,
    spread,
    with_special,
)

from .tokenizers import bytes_with, words


def test_the_texts_have_what_rebuilt_tokenizers_lose():
    joined = "".join(TEXTS)
    assert all(
        part in joined for part in ("  ", "\n\n", "\t", "\r", "\u00e9", "e\u0301", "\u4e2d", "\U0001f600", "1,000")
    )
    assert any(text.startswith(" ") for text in TEXTS) and any(text.endswith(" ") for text in TEXTS)


def test_bytes_hold_everything_and_a_closed_world_its_own_characters():
    assert Held(bytes_with().get_vocab()).of("a \u4e2d\n") == "a \u4e2d\n"
    assert Held(f"<0x{byte:02X}>" for byte in range(256)).of("\u00e9") == "\u00e9"
    assert Held(words().get_vocab()).of("the c\u00e4t\n") == "the ct"
    assert Held(["a", "##b", "c</w>", "def"]).of("abc def") == "abc"


def test_special_tokens_are_tried_within_words_and_between_spaces_but_not_hundreds_of_them():
    assert with_special(["<x>"]) == ["a<x>b", "a <x> b"]
    assert len(with_special(f"<{i}>" for i in range(500))) == 2 * MOST_SPECIAL


def test_the_sample_reaches_from_end_to_end():
    assert spread([3, 1, 2]) == [1, 2, 3]
    sample = spread(range(50_000))
    assert sample[0] == 0 and sample[-1] > 49_000
    assert VOCABULARY_SAMPLE <= len(sample) <= 2 * VOCABULARY_SAMPLE


@pytest.mark.parametrize(
    ("rules", "dropped"),
    [
        (None, False),
        ({"type": "ByteLevel"}, False),
        ({"type": "Split", "behavior": "Isolated"}, False),
        ({"type": "Split", "behavior": "Removed"}, True),
        ({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace"}]}, True),
    ],
)
def test_a_pre_tokenizer_says_whether_white_space_is_kept(rules, dropped):
    assert drops_white_space(rules) is dropped


def test_ids_are_those_of_the_text_alone():
    tokenizer = bytes_with(bos_token="<s>")
    assert tokenizer.decode(ids_of(tokenizer, ["ab a"])[0]) == "ab a"
