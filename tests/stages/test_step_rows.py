"""Rows of single steps: what stands above them is context, and a pair of steps is the pair of whole texts."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

from benchbench.batches.padded import collate
from benchbench.core.example import Message
from benchbench.core.rollout import Group, Pick, RolloutResponse
from benchbench.core.scores import Scores
from benchbench.data.drawn_rows import row_json, row_of, rows_of, tokenized_rows
from benchbench.data.rollout_json import group_json, group_of
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.methods.dpo import METHOD
from benchbench.models.logps import token_logps
from benchbench.recipe.schema import TokenizationSection
from benchbench.stages.rollout.steps import StepScorer

from .scripted import word_tokenizer

PROMPT, PREFIX, END = (2, 5, 3), (7, 8, 1, 9, 1), 1
STEPS = ((7, 9, 8), (9,))
SECTION = TokenizationSection.model_validate(
    {
        "template": {"user": "{content}", "assistant": "{content}", "generation_prompt": ""},
        "add_bos": False,
        "append_eos": True,
        "max_length": 64,
        "truncation": "error",
    }
)


def model(seed: int) -> GPTNeoXForCausalLM:
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=16,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        initializer_range=0.5,
    )
    return GPTNeoXForCausalLM(config).double().eval()


def group(prefix: tuple[int, ...]) -> Group:
    responses = tuple(RolloutResponse(step, END, "stop", "policy", "yes") for step in STEPS)
    return Group("e", 1, PROMPT, (Message("user", "?"),), responses, prefix)


def step_rows(prefix: tuple[int, ...] = PREFIX) -> list[TokenizedExample]:
    rows = [*rows_of(group(prefix), [Pick((0, 1), {})])]
    return [*tokenized_rows(rows, word_tokenizer(), SECTION, on_empty="error").examples]


def whole_rows() -> list[TokenizedExample]:
    """The same texts with the steps above in what is scored."""
    ids = [(*PROMPT, *PREFIX, *step, END) for step in STEPS]
    candidates = tuple(TokenizedCandidate(each, (len(PROMPT), len(each))) for each in ids)
    return [TokenizedExample("e", candidates, identical=False, columns={})]


def loss_of(policy: GPTNeoXForCausalLM, examples: Sequence[TokenizedExample]) -> tuple[float, torch.Tensor]:
    """DPO's loss of rows against another model, and its gradient in the last layer's weights."""
    batch = collate(examples, pad=0, device=torch.device("cpu"))
    with torch.no_grad():
        reference = token_logps(model(2), batch, dtype=torch.float64)
    scores = Scores(token_logps(policy, batch, dtype=torch.float64), reference)
    loss = METHOD.loss(scores, METHOD.hyper())
    assert isinstance(loss, torch.Tensor)
    (gradient,) = torch.autograd.grad(loss.sum(), [policy.gpt_neox.layers[1].mlp.dense_4h_to_h.weight])
    return float(loss.detach().sum()), gradient


def test_a_step_row_has_the_prefix_as_context_and_scores_the_step_alone():
    (example,) = step_rows()
    for candidate, step in zip(example.candidates, STEPS, strict=True):
        assert tuple(candidate.tokens) == (*PROMPT, *PREFIX, *step, END)
        assert candidate.response == (len(PROMPT) + len(PREFIX), len(candidate.tokens))
        assert candidate.holes == ()
    batch = collate([example], pad=0, device=torch.device("cpu"))
    assert batch.response.sum(-1).tolist() == [[4, 2]], "three tokens and one, each with its separator"


def test_the_loss_of_a_step_pair_is_that_of_the_whole_texts_with_their_shared_prefix():
    """Log-probabilities of an identical prefix cancel between chosen and rejected, in the loss and its gradient."""
    policy = model(1)
    (steps, of_steps), (whole, of_whole) = loss_of(policy, step_rows()), loss_of(policy, whole_rows())
    assert steps == pytest.approx(whole, rel=1e-12)
    assert torch.allclose(of_steps, of_whole, rtol=1e-9, atol=1e-12)
    elsewhere, _ = loss_of(policy, step_rows((8, 8, 1)))
    assert elsewhere != pytest.approx(steps, rel=1e-6), "what stands above a step is read"


def test_rows_of_one_example_behind_different_prefixes_have_names_of_their_own():
    names = [row.example.id for prefix in ((), PREFIX) for row in rows_of(group(prefix), [Pick((0, 1), {})] * 2)]
    assert names == ["e r1 0", "e r1 1", "e r1 after 5 0", "e r1 after 5 1"]


def test_the_log_probability_of_a_step_is_the_models_and_no_batch_moves_it():
    policy = model(1)
    rows = [((*PROMPT, *PREFIX), (*step, END)) for step in STEPS] + [(PROMPT, (1,)), (PROMPT, ())]
    scored = StepScorer(policy, torch.device("cpu"), 0, 3)(rows)
    for (before, step), logp in zip(rows, scored, strict=True):
        with torch.no_grad():
            logps = policy(torch.tensor([[*before, *step]])).logits[0].log_softmax(-1)
        places = range(len(before), len(before) + len(step))
        expected = sum(float(logps[place - 1, token]) for place, token in zip(places, step, strict=True))
        assert logp == pytest.approx(expected, rel=1e-5, abs=1e-12)


def with_tool(observation: tuple[int, ...], other: tuple[int, ...] = (9,)) -> list[TokenizedExample]:
    """A pair whose first response called a tool, which wrote `observation` after the first token."""
    called = RolloutResponse((7, *observation, 8), END, "stop", "policy", "yes", ((1, 1 + len(observation)),))
    plain = RolloutResponse(other, END, "stop", "policy", "no")
    of_tool = Group("e", 1, PROMPT, (Message("user", "?"),), (called, plain))
    (row,) = map(row_of, map(json.loads, map(json.dumps, map(row_json, rows_of(of_tool, [Pick((0, 1), {})])))))
    return [*tokenized_rows([row], word_tokenizer(), SECTION, on_empty="error").examples]


def test_what_a_tool_wrote_is_read_and_not_scored():
    (example,) = with_tool((5, 6))
    start = len(PROMPT)
    assert example.candidates[0].response == (start, start + 5)
    assert example.candidates[0].holes == ((start + 1, start + 3),) and example.candidates[1].holes == ()
    batch = collate([example], pad=0, device=torch.device("cpu"))
    assert batch.response.sum(-1).tolist() == [[3, 2]], "the call, what follows the observation, and the end"
    policy = model(1)
    scored = token_logps(policy, batch, dtype=torch.float64)
    with torch.no_grad():
        logps = policy(torch.tensor([[*PROMPT, 7, 5, 6, 8, END]])).logits[0].log_softmax(-1)
    expected = logps[start - 1, 7] + logps[start + 2, 8] + logps[start + 3, END]
    total = torch.where(scored.response, scored.token, 0.0).sum(-1)[0, 0]
    assert float(total.detach()) == pytest.approx(float(expected), rel=1e-6)
    loss, _ = loss_of(policy, [example])
    elsewhere, _ = loss_of(policy, with_tool((6, 5)))
    assert loss != pytest.approx(elsewhere, rel=1e-9), "what follows an observation reads it"


def test_an_observation_at_the_end_of_a_response_changes_nothing_at_all():
    """Nothing reads it, so it stands neither in policy nor in reference nor in length."""
    policy, losses = model(1), []
    for observation in ((5, 6), (9, 9, 9)):
        cut = RolloutResponse((7, *observation), None, "length", "policy", "yes", ((1, 1 + len(observation)),))
        plain = RolloutResponse((9,), END, "stop", "policy", "no")
        of_tool = Group("e", 1, PROMPT, (Message("user", "?"),), (cut, plain))
        rows = [*rows_of(of_tool, [Pick((0, 1), {})])]
        examples = tokenized_rows(rows, word_tokenizer(), SECTION, on_empty="error").examples
        assert collate(examples, pad=0, device=torch.device("cpu")).response.sum(-1).tolist() == [[1, 2]]
        losses.append(loss_of(policy, examples)[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    assert group_of(json.loads(json.dumps(group_json(of_tool)))) == of_tool
