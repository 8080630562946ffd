"""Rows with observations: other words of a tool change nothing in policy, reference or length, padded and packed.

What a tool wrote is read by what follows, so the exact statement needs models whose scores do not depend on what stands
before: their embeddings of all tokens are the same. For other models it is said of gradients: no logit that predicts a
token of an observation has any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPTNeoXForCausalLM

from benchbench import methods
from benchbench.batches.mismatched import mismatched
from benchbench.batches.padded import collate
from benchbench.core.example import Message
from benchbench.core.rollout import Group, Pick, RolloutResponse
from benchbench.core.scores import Logps, Scores
from benchbench.data.drawn_rows import rows_of, tokenized_rows
from benchbench.data.prompts import encode_prompts
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenized import TokenizedExample, drawn_candidate
from benchbench.data.tokenizer import train_tokenizer
from benchbench.generation.tool_turns import observation_tokens
from benchbench.models.layout import use_packed_rows
from benchbench.models.logps import response_states, token_logps
from benchbench.recipe.model import TokenizerTraining
from benchbench.recipe.schema import TokenizationSection
from benchbench.sources.arithmetic.calculator import CALCULATOR, observed
from benchbench.sources.arithmetic.source import ArithmeticOptions, load

from .scripted import word_tokenizer
from .test_step_rows import END, PROMPT, SECTION, model

OBSERVATIONS = [((5, 6), (9,)), ((9, 2), (3,)), ((8, 8), (7,))]
"""What a tool might have written behind the two calls of a response, each as long as the others."""
CPU = torch.device("cpu")
MARKS = ("<|user|>", "<|assistant|>")
TEMPLATE = {"user": "<|user|> {content} ", "assistant": "<|assistant|> {content}", "generation_prompt": "<|assistant|>"}
MARKED = TokenizationSection.model_validate({**SECTION.model_dump(exclude_unset=True), "template": TEMPLATE})


def called(first: Sequence[int], second: Sequence[int], *, mask: bool = True) -> RolloutResponse:
    """Two calls, what the tool wrote behind each, and two tokens of an answer."""
    ranges = ((2, 2 + len(first)), (3 + len(first), 3 + len(first) + len(second)))
    tokens = (7, 8, *first, 9, *second, 6, 5)
    return RolloutResponse(tokens, END, "stop", "policy", "yes", ranges if mask else ())


def pair_rows(observations: tuple[Sequence[int], Sequence[int]], *, mask: bool = True) -> list[TokenizedExample]:
    """A response that called the tool, against one to which it said something else, whatever it said to the first."""
    responses = (called(*observations, mask=mask), called((2,), (2,), mask=mask))
    group = Group("e", 1, PROMPT, (Message("user", "?"),), responses)
    rows = [*rows_of(group, [Pick((0, 1), {})])]
    return [*tokenized_rows(rows, word_tokenizer(), SECTION, on_empty="error").examples]


def single_rows(observations: tuple[Sequence[int], Sequence[int]], *, mask: bool = True) -> list[TokenizedExample]:
    """The two responses as rows of their own, with labels."""
    (pair,) = pair_rows(observations, mask=mask)
    return [replace(pair, id=f"e{k}", candidates=(row,), columns={}) for k, row in enumerate(pair.candidates)]


def blind(seed: int, *, packed: bool) -> GPTNeoXForCausalLM:
    """A model to which all tokens look alike, in one of the two layouts."""
    policy = model(seed)
    with torch.no_grad():
        embedding = policy.get_input_embeddings().weight
        embedding.copy_(embedding[3].expand_as(embedding))
    if packed:
        assert use_packed_rows(policy).packed
    return policy


def scores_of(examples: Sequence[TokenizedExample], *, packed: bool, columns: dict | None = None) -> Scores:
    """Of a policy and a reference, with the log-ratios of responses behind each other's prompts."""
    policy, reference = (blind(seed, packed=packed) for seed in (1, 2))
    batch = collate(examples, pad=0, device=CPU)
    partners = [mismatched(each, other, 64) for each, other in zip(examples, [*examples[1:], examples[0]], strict=True)]
    behind = collate(partners, pad=0, device=CPU)
    with torch.no_grad():
        of_batch, of_partners = (
            [token_logps(each, rows, dtype=torch.float64) for each in (policy, reference)] for rows in (batch, behind)
        )
    against = of_partners[0].sum() - of_partners[1].sum()
    return Scores(*of_batch, None, columns or {}, _mismatched=against)


def dpo(observations, packed: bool, mask: bool) -> float:
    method = methods.get("dpo")
    return float(method.loss(scores_of(pair_rows(observations, mask=mask), packed=packed), method.hyper()).sum())


def by_length(observations, packed: bool, mask: bool) -> float:
    method = methods.get("dpo_lengthnorm")
    return float(method.loss(scores_of(pair_rows(observations, mask=mask), packed=packed), method.hyper()).sum())


def kto(observations, packed: bool, mask: bool) -> float:
    method, columns = methods.get("kto"), {"label": torch.tensor([1.0, 0.0], dtype=torch.float64)}
    scores = scores_of(single_rows(observations, mask=mask), packed=packed, columns=columns)
    return float(method.loss(scores, method.hyper(beta=1.0)).sum())


def imitated(observations, packed: bool, mask: bool) -> float:
    """The loss of demonstrations: the mean of the scored tokens."""
    scores = scores_of(single_rows(observations, mask=mask), packed=packed)
    return float(-scores.policy.mean().sum())


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("loss", [dpo, by_length, kto, imitated], ids=lambda loss: loss.__name__)
def test_other_observations_change_no_loss(loss: Callable[..., float], packed: bool):
    first, *others = [loss(observations, packed, True) for observations in OBSERVATIONS]
    assert others == pytest.approx([first] * 2, rel=1e-12)
    unmasked = [loss(observations, packed, False) for observations in OBSERVATIONS]
    assert unmasked[0] != pytest.approx(first, rel=1e-6), "the mask is what does it"


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
def test_observations_are_in_no_log_probability_and_in_no_length(packed: bool):
    """Five drawn tokens and the end of eight: of the policy, of the reference, and behind another's prompt."""
    scores = scores_of(pair_rows(OBSERVATIONS[0]), packed=packed)
    assert scores.reference is not None
    for logps in (scores.policy, scores.reference):
        assert isinstance(logps, Logps) and logps.response.sum(-1).tolist() == [[6, 6]]
        assert not bool(logps.token[~logps.response].any())
    (single, _) = single_rows(OBSERVATIONS[0])
    partner = collate([mismatched(single, single, 64)], pad=0, device=CPU)
    assert partner.response.sum(-1).tolist() == [[6]]


def test_a_longer_observation_is_no_longer_response():
    method, losses = methods.get("dpo_lengthnorm"), []
    for observations in (((5,), (6,)), ((5, 6, 7, 8, 9), (6, 6, 6))):
        examples = pair_rows(observations)
        losses.append(float(method.loss(scores_of(examples, packed=False), method.hyper()).sum()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
def test_no_gradient_reaches_what_predicts_an_observation(packed: bool):
    """Of a model that reads its context: only places before drawn tokens are put through the head at all."""
    policy = model(1)
    if packed:
        use_packed_rows(policy)
    (example,) = pair_rows(OBSERVATIONS[0])
    batch = collate([example], pad=0, device=CPU)
    states = response_states(policy, batch)
    drawn = [7, 8, 9, 6, 5, END]
    assert states.targets.tolist() == drawn * 2
    written = {len(PROMPT) + place for start, stop in called(*OBSERVATIONS[0]).observed for place in range(start, stop)}
    length = batch.tokens.shape[-1]
    assert not {int(slot) for slot in states.slots if int(slot) < length} & written


def test_a_drawn_response_is_scored_where_the_policy_wrote():
    row = drawn_candidate(PROMPT, (7, 5, 6, 8, END), [(1, 3)])
    assert row.response == (3, 8) and row.holes == ((4, 6),) and row.prompt_tokens is None
    assert drawn_candidate(PROMPT, (7, 5, 6), [(1, 3)]).response == (3, 4)
    begins = drawn_candidate(PROMPT, (5, 6, 7), [(0, 2)])
    assert begins.response == (5, 6) and begins.holes == () and begins.prompt_length == 3
    assert drawn_candidate(PROMPT, (5,), [(0, 1)]).empty and drawn_candidate(PROMPT, (), ()).empty
    assert drawn_candidate(PROMPT, (7, END)).holes == ()


def test_a_demonstration_is_the_row_that_the_same_response_would_be_if_it_were_drawn():
    """Prepared data has spans of characters, a drawn row ranges of tokens; both come to the same ids and holes."""
    world = load(ArithmeticOptions(calculator=True, demonstrations=50, preference_prompts=1), Path())["sft"]
    texts = [text for example in world for text in (example.prompt[0].content, *example.candidates)]
    tokenizer = train_tokenizer(texts, TokenizerTraining(vocab_size=200, split="sft", special_tokens=MARKS))
    for example in world[:5]:
        prepared = tokenize_examples([example], tokenizer, MARKED, on_empty="error").examples[0]
        (ids,) = encode_prompts([example], tokenizer, MARKED)
        response = response_of(example.candidates[0], tokenizer)
        group = Group("e", 1, ids, example.prompt, (response,))
        drawn = tokenized_rows([*rows_of(group, [Pick((0,), {})])], tokenizer, MARKED, on_empty="error").examples[0]
        assert drawn.candidates == prepared.candidates
        assert len(drawn.candidates[0].holes) == len(response.observed) == example.columns["steps"] - 1


def response_of(text: str, tokenizer: Any) -> RolloutResponse:
    """A text as a policy and the calculator would have written it, turn by turn."""
    tokens: tuple[int, ...] = ()
    ranges: list[tuple[int, int]] = []
    begin = 0
    for start, end, _ in observed(text):
        tokens = (*tokens, *tokenizer.encode(text[begin:start].strip(), add_special_tokens=False))
        answer = observation_tokens(tokenizer, CALCULATOR, text[start:end])
        ranges.append((len(tokens), len(tokens) + len(answer)))
        tokens, begin = (*tokens, *answer), end
    tokens = (*tokens, *tokenizer.encode(text[begin:].strip(), add_special_tokens=False))
    return RolloutResponse(tokens, tokenizer.eos_token_id, "stop", "policy", text, tuple(ranges))
