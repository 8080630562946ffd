"""Holes, prompts per candidate and scored prompts, from text to log-probabilities, against transformers' own logits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.example import Example, Message, Span
from benchbench.data.tokenize import tokenize_examples
from benchbench.models.layout import use_packed_rows
from benchbench.models.logps import policy_layout, token_logps
from tests.data.tokenizers import section, words

from .toys import tiny

CPU = torch.device("cpu")
QUESTION = (Message("user", "the cat and the dog"),)
PROMPTS = ((Message("user", "the cat ran"),), (Message("user", "the cat sat on the mat ."),))
TEXTS = ("one two three four five", "six seven eight")


@pytest.fixture(scope="module", params=["gpt_neox", "llama"])
def models(request: pytest.FixtureRequest):
    """One with packed rows, one as transformers has it."""
    packed, plain = (tiny(request.param, vocab_size=80).double() for _ in range(2))
    use_packed_rows(packed)
    assert policy_layout(packed).packed
    return packed, plain


def batch(*examples: Example, share: bool = True, **changes) -> CandidateBatch:
    tokenized = tokenize_examples(examples, words(), section(**changes), on_empty="error")
    return collate(tokenized.examples, pad=0, device=CPU, weights=("weight",), share=share)


def by_hand(model, texts: list[tuple[str, str]]) -> list[list[float]]:
    """Log-probability of every token of prompt + response after the first, from one forward pass of each text."""
    rows = []
    for prompt, response in texts:
        text = f"<|user|>{prompt}<|assistant|>{response}"
        ids = torch.tensor([*words()(text, add_special_tokens=False)["input_ids"], words().eos_token_id])
        logps = model(input_ids=ids[None]).logits[0].log_softmax(dim=-1)  # [T, V]
        rows.append(logps[:-1].gather(1, ids[1:, None]).squeeze(1).tolist())
    return rows


def both(models, given: CandidateBatch) -> Tensor:
    """The log-probabilities, which packed and padded rows give alike."""
    packed, plain = (token_logps(model, given, dtype=torch.float64) for model in models)
    torch.testing.assert_close(packed.token, plain.token, rtol=1e-9, atol=1e-10)
    return packed.token[0]


def masked(part: str) -> Example:
    start = TEXTS[0].index(part)
    return Example("x", QUESTION, TEXTS, spans={"mask": ((Span(start, start + len(part), 0.0),), ())})


@torch.no_grad()
@pytest.mark.parametrize(("part", "gone"), [("two three", [1, 2]), ("one", [0]), ("five", [4]), ("three", [2])])
def test_a_hole_changes_sum_and_mean_and_no_other_token(models, part: str, gone: list[int]):
    question = QUESTION[0].content
    expected = [
        row[-count:] for row, count in zip(by_hand(models[1], [(question, t) for t in TEXTS]), (6, 4), strict=True)
    ]
    given = batch(masked(part))
    token = both(models, given)
    left = [value for place, value in enumerate(expected[0]) if place not in gone]
    assert token[0][given.response[0, 0]].tolist() == pytest.approx(left, rel=1e-9)
    assert token[1][given.response[0, 1]].tolist() == pytest.approx(expected[1], rel=1e-9)
    logps = token_logps(models[0], given, dtype=torch.float64)
    assert logps.length()[0].tolist() == [6 - len(gone), 4]
    assert logps.sum()[0, 0].item() == pytest.approx(sum(left), rel=1e-9)
    assert logps.mean()[0, 0].item() == pytest.approx(sum(left) / len(left), rel=1e-9)


@torch.no_grad()
def test_each_candidate_is_scored_after_its_own_prompt(models):
    """The shared front is what their tokens have in common: here the user's mark and "the cat"."""
    given = batch(Example("x", QUESTION, TEXTS, prompts=PROMPTS))
    token = both(models, given)
    rows = by_hand(models[1], [(prompt[0].content, text) for prompt, text in zip(PROMPTS, TEXTS, strict=True)])
    for k, count in enumerate((6, 4)):
        assert token[k][given.response[0, k]].tolist() == pytest.approx(rows[k][-count:], rel=1e-9)
    assert given.packed is not None and given.packed.groups[0].prefix == 3
    apart = batch(Example("x", QUESTION, TEXTS, prompts=PROMPTS), share=False)
    torch.testing.assert_close(both(models, apart), token, rtol=1e-9, atol=1e-10)


@torch.no_grad()
def test_a_scored_prompt_has_all_tokens_but_the_first(models):
    given = batch(Example("x", QUESTION, TEXTS, prompts=PROMPTS), scored="all")
    token = both(models, given)
    for k, row in enumerate(by_hand(models[1], [(p[0].content, text) for p, text in zip(PROMPTS, TEXTS, strict=True)])):
        assert token[k][given.response[0, k]].tolist() == pytest.approx(row, rel=1e-9)


@torch.no_grad()
def test_with_equal_prompts_a_scored_prompt_leaves_differences_as_they_are(models):
    """Then the prompts' terms cancel, and DPO of joint log-probabilities is DPO."""
    sums = [both(models, batch(Example("x", QUESTION, TEXTS), scored=how)).sum(dim=-1) for how in ("all", "response")]
    assert (sums[0][0] - sums[0][1]).item() == pytest.approx((sums[1][0] - sums[1][1]).item(), rel=1e-9)
    assert sums[0][0] < sums[1][0]


@torch.no_grad()
def test_weights_of_tokens_by_hand(models):
    spans = {"weight": ((Span(3, 7, 2.0),), ()), "mask": ((Span(14, 18, 0.0),), ())}
    given = batch(replace(masked("one"), spans=spans))
    row = by_hand(models[1], [(QUESTION[0].content, TEXTS[0])])[0][-6:]
    expected = row[0] + 2 * row[1] + row[2] + row[4] + row[5]
    assert (both(models, given)[0] * given.weights["weight"][0, 0]).sum().item() == pytest.approx(expected, rel=1e-9)
