"""What is cut on which side, against the cut itself; and what a split looks like to a model."""

from __future__ import annotations

import itertools

import pytest

from benchbench.core.example import Example, Message
from benchbench.data.token_checks import lost_tokens, token_findings
from benchbench.data.truncate import cut

from .tokenizers import bytes_with, plain, section


def rows(*pairs: tuple[str, str, str]) -> list[Example]:
    return [Example(f"e{at}", (Message("user", p),), (a, b)) for at, (p, a, b) in enumerate(pairs)]


def counts(examples: list[Example], **changes) -> dict[tuple[str, str], int]:
    findings = token_findings("train", examples, bytes_with(bos_token="<s>"), section(template=plain(), **changes))
    assert all(each.total == len(examples) for each in findings)
    return {(each.check, each.where): each.count for each in findings if each.count}


@pytest.mark.parametrize("truncation", ["left", "right"])
@pytest.mark.parametrize("bos", [False, True])
def test_what_is_lost_is_what_the_cut_leaves_out(truncation: str, bos: bool):
    for prompt, response, limit in itertools.product((1, 3, 7), (1, 4, 9), (2, 5, 8, 20)):
        settings = section(truncation=truncation, max_length=limit)
        left = cut(list(range(prompt)), list(range(100, 100 + response)), settings, bos=bos)
        lost = lost_tokens(prompt, response, settings, bos=bos)
        responses = sum(token >= 100 for token in left.tokens)
        assert lost.response == response - responses
        assert lost.prompt == prompt - (len(left.tokens) - responses)


def test_sides_are_counted_apart_and_one_sided_cuts_by_themselves():
    """One token per character, and EOS: 4 + 3 + 1 and 4 + 9 + 1 tokens."""
    examples = rows(("1234", "abx", "123456789"), ("1234", "xyz", "zyx"))
    assert counts(examples, max_length=10) == {("cut", "train, rejected"): 1, ("cut_on_one_side", "train"): 1}
    assert counts(examples, max_length=14) == {}
    findings = token_findings("train", examples, bytes_with(), section(template=plain(), max_length=4))
    details = {each.where: each.detail for each in findings if each.check == "cut"}
    assert details["train, chosen"] == "the prompt is cut in 0, the response in 2, nothing is left of 2 responses"


def test_examples_that_are_left_out_are_counted_as_such():
    examples = rows(("1234", "abx", "123456789"), ("1234", "xyz", "zyx"))
    for changes in ({"truncation": "drop"}, {"truncation": "error"}):
        assert counts(examples, max_length=10, **changes) == {("left_out_by_length", "train"): 1}
    assert counts(examples, max_prompt_length=3) == {("left_out_by_length", "train"): 2}


def test_slips_and_control_tokens_are_counted_by_example():
    examples = rows(("a <|im_end|> b", "x", "y"), ("1", "x<|endoftext|>z", "y"), ("2", "x", "y"))
    assert counts(examples) == {("control_in_text", "train"): 2, ("eos_inside", "train"): 1}
    assert counts(examples[2:], append_eos=False) == {("missing_eos", "train"): 1}
