"""Prompt ids are a prefix of the whole; BOS and EOS are there once; the response reads back as it was."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.errors import BenchError
from benchbench.data.encode import Characters, Encoder, Unkept, unkept_characters
from benchbench.data.render import Rendered
from benchbench.data.tokenizer import load_tokenizer

from .tokenizers import bytes_with, words

BYTES = bytes_with(bos_token="<s>")
EOS = BYTES.eos_token_id


def encode(prompt: str, *responses: str, tokenizer=BYTES, add_bos=False, append_eos=True):
    encoder = Encoder.of(tokenizer, add_bos=add_bos, append_eos=append_eos)
    return encoder.encode([Rendered(prompt, responses)])[0]


def alone(text: str) -> list[int]:
    return BYTES(text, add_special_tokens=False)["input_ids"]


def test_a_boundary_that_does_not_merge_keeps_the_joint_ids():
    one = encode("ab ", "!ab", append_eos=False)
    assert one.prompt + one.responses[0] == alone("ab !ab")
    assert one.retokenised == 0


def test_a_merge_across_the_boundary_is_undone_and_counted():
    """The tokenizer has "ab" as one token, so "a" + "b" would be one token that is neither prompt nor response."""
    assert len(alone("ab")) == 1
    one = encode("a", "b", "c", append_eos=False)
    assert one.prompt == alone("a")
    assert one.responses == (alone("b"), alone("c"))
    assert one.retokenised == 1


@pytest.mark.parametrize(
    "how", ["as it is", "file cuts and pads", "special tokens split", "a class that calls otherwise"]
)
def test_ids_are_those_of_a_call(how: str):
    """No offsets are made, and what a file or a caller before set counts no more than in a call."""
    tokenizer = bytes_with(bos_token="<s>")
    if how == "file cuts and pads":
        tokenizer.backend_tokenizer.enable_truncation(2)
        tokenizer.backend_tokenizer.enable_padding(length=9)
    elif how == "special tokens split":
        tokenizer.split_special_tokens = True
    elif how == "a class that calls otherwise":
        upper = type(
            "Upper", (type(tokenizer),), {"__call__": lambda self, texts, **_: {"input_ids": [[7]] * len(texts)}}
        )
        tokenizer.__class__ = upper
    text = "ab <|endoftext|> ab"
    (encoded,) = Encoder(tokenizer, None, None, spaced=False).encode([Rendered("", (text,))])
    expected = tokenizer([text], add_special_tokens=False, verbose=False)["input_ids"][0]
    assert encoded.responses == (expected if how != "a class that calls otherwise" else expected[1:],)
    assert (EOS in encoded.responses[0]) is (how in ("as it is", "file cuts and pads"))


def test_eos_ends_each_response_once():
    assert encode("a", "x").responses == ([*alone("x"), EOS],)
    assert encode("a", "x<|endoftext|>").responses == ([*alone("x"), EOS],)
    assert encode("a", "x<|endoftext|>\n").responses == ([*alone("x"), EOS],)
    assert encode("a", "").responses == ([EOS],)
    assert encode("a", "x", append_eos=False).responses == (alone("x"),)


def test_an_eos_before_the_end_is_counted():
    one = encode("a", "x<|endoftext|>y", "x")
    assert one.responses[0] == [*alone("x"), EOS, *alone("y"), EOS]
    assert one.eos_inside == 1


def test_bos_begins_the_prompt_once():
    bos = BYTES.bos_token_id
    assert encode("a", "x", add_bos=True).prompt == [bos, *alone("a")]
    assert encode("<s>a", "x", add_bos=True).prompt == [bos, *alone("a")]
    assert encode("a", "x").prompt == alone("a")
    assert encode("", "x", add_bos=True).prompt == [bos]


def test_a_tokenizer_without_the_token_is_refused():
    with pytest.raises(BenchError, match=r"tokenization\.add_bos: the tokenizer names no BOS token"):
        Encoder.of(words(), add_bos=True, append_eos=False)
    with pytest.raises(BenchError, match=r"tokenization\.append_eos: the tokenizer names no EOS token"):
        Encoder.of(bytes_with(eos_token=None), add_bos=False, append_eos=True)


def test_many_prompts_with_different_numbers_of_responses_stay_apart():
    encoder = Encoder.of(BYTES, add_bos=False, append_eos=False)
    rendered = [Rendered("a", ("b", "c")), Rendered("ab", ()), Rendered("x", ("y",)), Rendered("a", ("b",))]
    encoded = encoder.encode(rendered)
    assert [one.responses for one in encoded] == [(alone("b"), alone("c")), (), (alone("y"),), (alone("b"),)]
    assert [one.retokenised for one in encoded] == [1, 0, 0, 1]
    assert encoder.encode([]) == []


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_reads_back_and_the_prompt_ids_are_its_own(prompt, response):
    one = encode(prompt, response, append_eos=False)
    assert one.prompt == alone(prompt)
    assert BYTES.decode(one.prompt + one.responses[0]) == prompt + response
    assert BYTES.decode(one.responses[0]) == response


def test_characters_without_a_token_are_counted():
    assert unkept_characters(words(), "the cat") == Unkept(0, 0)
    assert unkept_characters(words(), "the \u00fc\u00e9\nt\u00e9") == Unkept(3, 0)
    assert unkept_characters(BYTES, "the \u00fc \u4e2d\n\u0301\x00") == Unkept(0, 0)
    assert unkept_characters(words(), "") == Unkept(0, 0)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.shared_data
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_prefix_property_holds_for_the_real_neox_tokenizer(neox, data):
    """The tokenizer normalises to NFC, so texts read back as their NFC."""
    prompt, response = data.draw(_TEXT), data.draw(_TEXT)
    one = encode(prompt, response, tokenizer=neox, append_eos=False)
    assert one.prompt == neox(prompt, add_special_tokens=False)["input_ids"]
    assert neox.decode(one.responses[0]) == unicodedata.normalize("NFC", response)


@pytest.mark.shared_data
def test_a_tokenizer_that_puts_a_space_in_front_does_not_put_one_at_the_boundary(shared):
    """Llama 2 reads "Hello" alone as " Hello"; after "(" it must not."""
    tokenizer = load_tokenizer("tokenizers/llama2", revision=None, pad_token="<unk>", folder=shared)
    for prompt, response in (("Say it: Hel", "lo"), ("(", "Hello"), ("re", "turn"), ("a", "\nb"), ("x", " y")):
        one = encode(prompt, response, tokenizer=tokenizer, append_eos=False)
        assert tokenizer.decode(one.prompt + one.responses[0]) == prompt + response
    assert encode("Say it: Hel", "lo", tokenizer=tokenizer).retokenised == 1


def test_characters_that_a_normaliser_makes_into_others_are_counted_apart():
    from tokenizers import normalizers

    lowering = bytes_with()
    lowering.backend_tokenizer.normalizer = normalizers.Lowercase()
    assert unkept_characters(lowering, "the Cat \u00dc\n") == Unkept(lost=0, changed=2)


@pytest.mark.parametrize("tokenizer", [BYTES, words()], ids=["bytes", "words"])
@settings(max_examples=40, deadline=None)
@given(prompt=st.text("ab ", max_size=4), response=st.text("abé", max_size=8), append_eos=st.booleans())
def test_offsets_are_the_characters_of_each_token(tokenizer, prompt: str, response: str, append_eos: bool):
    """Whether the response goes on with the joint text's tokens or has tokens of its own."""
    if tokenizer is not BYTES:
        prompt, response = (text.translate({97: " cat", 98: " the", 233: " dog"}) for text in (prompt, response))
    encoder = Encoder.of(tokenizer, add_bos=False, append_eos=append_eos)
    (ids,) = encoder.encode([Rendered(prompt, (response,))])[0].responses
    offsets = encoder.offsets(prompt, response, ids)
    assert len(offsets) == len(ids)
    assert not append_eos or offsets[-1] == (len(response), len(response))
    text = ids[:-1] if append_eos else ids
    for token, (begin, end) in zip(text, offsets, strict=False):
        written = tokenizer.decode([token])
        if "\ufffd" not in written and written.strip():  # part of a character says nothing
            assert response[begin:end].strip() == written.strip()


def test_a_tokenizer_that_drops_characters_does_not_know_the_places_of_others():
    """It has no "!", and states the place of "!" for "dog"."""
    encoder = Encoder.of(words(), add_bos=False, append_eos=False)
    (ids,) = encoder.encode([Rendered("the", ("!dog",))])[0].responses
    with pytest.raises(BenchError, match="expected a token for every character .* found 1 too few in '!dog'"):
        encoder.offsets("the", "!dog", ids)


def test_characters_of_texts_are_collected_without_special_tokens():
    collected = Characters(["<|user|>", ""])
    collected.add(Rendered("<|user|>ab \u00fc", ("ba", "\ud800c\x00")))
    collected.add(Rendered("a<|us", ("", "\u4e2d\u00fc")))
    assert collected.seen == set("ab \u00fc\ud800c\x00<|us\u4e2d")
