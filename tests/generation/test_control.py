"""Responses that go on into what is no answer."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, models
from transformers import AddedToken, PreTrainedTokenizerFast

from benchbench.core.generation import Generation
from benchbench.generation.control import ControlTokens, cut_counts

WORDS = {"a": 0, "b": 1, "<unk>": 2}


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    """Ids 0 to 2 are text, 3 EOS, 4 padding, 5 a special mark, 6 and 7 added tokens that are not special."""
    backend = Tokenizer(models.WordLevel(WORDS, unk_token="<unk>"))
    backend.add_special_tokens(["</s>", "<pad>", "<mark>"])
    backend.add_tokens([AddedToken("<think>", special=False), AddedToken("<user>", special=False)])
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", pad_token="<pad>", eos_token="</s>")


def drawn(*tokens: int, finish: str = "stop", end: int | None = 3) -> Generation:
    return Generation("x", 0, tokens, finish, end)


@pytest.mark.parametrize(
    ("tokens", "kept", "finish", "end"),
    [
        ((0, 1), (0, 1), "stop", 3),
        ((0, 2, 1), (0, 2, 1), "stop", 3),
        ((0, 6, 1), (0, 6, 1), "stop", 3),
        ((0, 5, 1, 5), (0,), "control_token", 5),
        ((0, 7, 1), (0,), "control_token", 7),
        ((4, 0), (), "control_token", 4),
        ((0, 8, 5), (0,), "no_token", 8),
    ],
    ids=["text", "unknown token", "added text", "special", "next speaker", "at once", "no token"],
)
def test_a_response_is_cut_where_its_text_ends(tokenizer, tokens, kept, finish, end):
    """The next speaker's mark counts though it is not special; `<think>` is what an answer may hold."""
    response = ControlTokens.of(tokenizer, between=[7], stops=[3]).cut(drawn(*tokens))
    assert (response.tokens, response.finish, response.end) == (kept, finish, end)


def test_a_stop_that_an_engine_left_inside_is_nothing_to_cut_at(tokenizer):
    assert ControlTokens.of(tokenizer, between=[5], stops=[3, 5]).ids == {4}


def test_what_was_cut_is_counted(tokenizer):
    control = ControlTokens.of(tokenizer, between=[], stops=[3])
    before = [drawn(0), drawn(0, 5, 1, 1), drawn(5, finish="length", end=None), drawn(1, 9, 0)]
    counts = cut_counts(before, [control.cut(response) for response in before], tokenizer)
    assert counts["control_token"] == 2 and counts["no_token"] == 1
    assert counts["at"] == {"<mark> (5)": 2, "no token (9)": 1}
    assert counts["tokens_cut_off"] == 3
