"""Training, scoring, rewards and decoding on a card that is not there: no tensor strays, and no number is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException

from benchbench import methods
from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.generation import GenerationRequest, Sampling
from benchbench.core.method import Candidates, Need
from benchbench.data.tokenized import TokenizedExample
from benchbench.generation import decode
from benchbench.models import layout, load, logps
from benchbench.models.layout import Layout
from benchbench.models.logps import token_logps
from benchbench.models.policy_head import PolicyHead
from benchbench.models.reward_head import RewardModel
from benchbench.models.varlen import sequences_of
from benchbench.training import gradients, loop
from benchbench.training.carried import CarriedNumbers
from benchbench.training.objective import MethodObjective, RewardModelObjective
from benchbench.training.readout import read_out
from tests.training import toys

from .fake_card import CARD, fake_card, moved

PAIRS = toys.examples(4)
PRECISIONS = (torch.float32, torch.bfloat16)
LORA = {"lora_r": 2, "lora_alpha": 4, "lora_dropout": 0.0, "lora_target_modules": ["query_key_value"]}


def policy(*, dtype: torch.dtype = torch.float32, packed: bool = True, lora: bool = False) -> Any:
    """A toy of one layer whose probes were answered on the processor, as they would be on a card."""
    model = toys.model(dtype=dtype, packed=packed, hidden_size=32, num_hidden_layers=1)
    assert logps.head_of(model) is not None
    setattr(model.base_model, layout.ANSWER, {"cuda": Layout(packed), "meta": Layout(packed)})
    return load.add_lora(model, LORA, seed=0) if lora else model


def batch(*, given: Sequence[TokenizedExample] = PAIRS, **options: Any) -> CandidateBatch:
    """On the processor, and as `collate` makes it for a card."""
    made = collate(given, pad=toys.PAD, device=torch.device("cpu"), **options)
    assert made.packed is not None
    return replace(made, packed=replace(made.packed, sequences=sequences_of(made.packed.groups)))


def tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ():
        yield from tensors(inner)


def require_on_card(value: Any) -> None:
    kinds = {tensor.device.type for tensor in tensors(value)}
    assert kinds == {"cuda"}, kinds


def given_of(name: str) -> Sequence[TokenizedExample]:
    """Examples that a method takes."""
    roles = methods.get(name).roles
    return toys.examples(4, roles=roles) if roles else PAIRS


def head_of(name: str, model: Any) -> PolicyHead | None:
    """The head of a method that has one, on the processor."""
    method = methods.get(name)
    if method.head is None:
        return None
    return PolicyHead(model, method.head, outputs=method.head.outputs(method.hyper()), reference=policy())


def objective(name: str, model: Any, anchor: Callable[[], Any] | None = None, head: Any = None) -> MethodObjective:
    """As a preference stage makes it; `anchor` gives a further model where the policy is, as `head` is."""
    method, device = methods.get(name), next(model.parameters()).device
    hyper, carried, given = method.hyper(), None, given_of(name)
    if method.carried is not None:
        ids = [example.id for example in given]
        carried = CarriedNumbers(method.carried, hyper, ids, dtype=torch.float32, device=device)
    served = toys.caches(given, method, anchor=anchor)
    return MethodObjective(method, hyper, model, served, carried=carried, head=head)


def batch_of(name: str) -> CandidateBatch:
    method = methods.get(name)
    given = given_of(name)
    one = method.candidates in (Candidates.ONE, Candidates.LABELLED)
    options = {
        "columns": method.column_names,
        "weights": method.token_weights,
        "roles": method.read_roles,
        "candidates": 1 if one else None,
    }
    made = batch(given=given, **options)
    if method.need(Need.FRESH.name) is not None:
        made = replace(made, fresh=batch(given=toys.draws_beside(given)))
    if method.need(Need.MISMATCHED.name) is None:
        return made
    return replace(made, mismatched=batch(given=[*given[1:], given[0]], **options))


def loss_of(given: CandidateBatch, found: Callable[[CandidateBatch], Any]) -> tuple[torch.Tensor, dict[str, Any]]:
    """As the loop makes it of one microbatch."""
    given = given.to(CARD)
    require_on_card([given.tokens, given.response, dict(given.columns)])
    terms, stats = found(given)
    require_on_card([term.values for term in terms.values()])
    require_on_card(dict(stats))
    loss = gradients._reduce(terms, gradients.denominators([given]))
    return loss, {"loss": loss.detach()} | {name: value.float().sum() for name, value in stats.items()}


ASKING = {"icrank_irpo"}
"""Methods that ask the card once a step: how many items a list has is known where its spans are."""
SILENT = [name for name in methods.names() if name not in ASKING]


@pytest.mark.parametrize("name", SILENT)
def test_a_method_s_loss_stays_on_the_card(name):
    """With weights in bfloat16, as on a card; the loss reads the same float32 numbers of float32 weights."""
    model, anchor = policy(dtype=torch.bfloat16), policy(dtype=torch.bfloat16)
    given, head = batch_of(name), head_of(name, model)
    with fake_card() as card:
        moved(model.train(), card)
        if head is not None:
            moved(head, card)
            moved(head._reference[0], card)
        loss, _ = loss_of(given, objective(name, model, lambda: moved(anchor, card), head))
        require_on_card(loss)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", ["sft", "dpo"])
def test_what_follows_a_loss_stays_on_the_card(name, dtype):
    """Clipping, the optimizer and the numbers of the log, which are the same for all methods."""
    model = policy(dtype=dtype)
    given = batch_of(name)
    with fake_card() as card:
        moved(model.train(), card)
        loss, values = loss_of(given, objective(name, model))
        require_on_card(loss)
        give_gradients(model)
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer = loop.make_optimizer(model, toys.settings())
        optimizer.step()
        require_on_card([*model.parameters(), *(p.grad for p in model.parameters())])
        require_on_card([state["exp_avg"] for state in optimizer.state.values()])
        line = read_out(values | {"grad_norm": norm})
        assert line.ready is not None and line.values.device.type == "cpu"


def give_gradients(model: Any) -> None:
    for parameter in model.parameters():
        parameter.grad = torch.empty_like(parameter)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["sft", "dpo"])
def test_padded_rows_and_adapters_stay_on_the_card(name, packed):
    model = policy(packed=packed, lora=True)
    given = batch_of(name)
    with fake_card() as card:
        moved(model.train(), card)
        require_on_card(loss_of(given, objective(name, model))[0])


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("pooling", ["last_token", "mean"])
def test_a_reward_model_s_step_stays_on_the_card(pooling, packed):
    model = RewardModel(policy(packed=packed).base_model, pooling=pooling, head_dtype=torch.float32)
    given = batch(whole=True)
    with fake_card() as card:
        moved(model, card)
        loss, _ = loss_of(given, RewardModelObjective(model, 0.01))
        require_on_card(loss)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_scores_stay_on_the_card_until_they_are_fetched(dtype):
    model = policy(dtype=dtype)
    given = batch(allow_empty=True)
    with fake_card() as card, torch.no_grad():
        moved(model, card)
        scored = token_logps(model, given.to(CARD))
        require_on_card([scored.token, scored.response, scored.sum()])
        assert scored.token.cpu().device.type == "cpu"


def test_heads_in_chunks_and_checkpointed_layers_stay_on_the_card(monkeypatch):
    monkeypatch.setitem(logps.CHUNK_ELEMENTS, "cuda", 8 * toys.VOCABULARY)
    model = policy()
    load.use_checkpointing(model)
    given = batch()
    with fake_card() as card:
        moved(model.train(), card)
        require_on_card(token_logps(model, given.to(CARD)).token)


@pytest.mark.parametrize("name", SILENT)
def test_a_whole_step_with_its_gradients_asks_for_no_number(name):
    """On `meta`, where gradients can be had without a card; there too a number that is asked for is an error.

    Packed rows alone: given padded ones, transformers looks for packed sequences, once in each forward pass.
    """
    model = policy().train().to("meta")
    optimizer = torch.optim.AdamW(model.parameters())
    given = on_meta(batch_of(name))
    head = head_of(name, model)
    if head is not None:
        head._reference[0].to("meta")
        head.to("meta")
    terms, stats = objective(name, model, lambda: policy().to("meta"), head)(given)
    gradients._reduce(terms, gradients.denominators([given])).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    assert {p.grad.device.type for p in model.parameters()} == {norm.device.type} == {"meta"}
    assert all(value.device.type == "meta" for value in stats.values())


@pytest.mark.parametrize("pooling", ["last_token", "mean"])
def test_a_reward_model_s_gradients_ask_for_no_number(pooling, monkeypatch):
    monkeypatch.setattr(torch, "autocast", lambda kind, *, enabled: nullcontext())  # there is none for meta
    model = RewardModel(policy().base_model, pooling=pooling, head_dtype=torch.float32).to("meta")
    given = on_meta(batch(whole=True))
    terms, _ = RewardModelObjective(model, 0.01)(given)
    gradients._reduce(terms, gradients.denominators([given])).backward()
    assert model.head.weight.grad is not None and model.head.weight.grad.device.type == "meta"


def on_meta(given: CandidateBatch) -> CandidateBatch:
    return given.to(torch.device("meta"))


def test_a_token_is_taken_without_asking():
    model = policy()
    requests = [GenerationRequest(f"e{n}", 0, tuple(range(1, 3 + n)), n) for n in range(3)]
    sampling = Sampling(4, 1.0, 0.9, 5, 0.05, 1.0, (3,))
    with fake_card() as card, torch.no_grad():
        moved(model, card)
        drawn = decode._Batch(model, requests, sampling, CARD)
        drawn.take(drawn.forward(0), 0)
        require_on_card([drawn.inputs, drawn.mask, drawn.positions, drawn.out, drawn.lengths, drawn.ends, drawn.ended])
        require_on_card([layer.keys for layer in drawn.cache.layers])


def test_the_fake_card_refuses_what_a_real_one_would_wait_for():
    with fake_card():
        numbers = torch.empty(3, device=CARD)
        for asked in (numbers.sum().item, partial(bool, numbers.any()), numbers.tolist):
            with pytest.raises(DataDependentOutputException):
                asked()
        with pytest.raises(DynamicOutputShapeException):
            numbers[numbers > 0]
        with pytest.raises(Exception, match="same device"):
            numbers + torch.empty(3)


def test_fake_cards_leave_no_trace():
    with fake_card() as card:
        assert isinstance(card, FakeTensorMode)
    with pytest.raises((RuntimeError, AssertionError)):
        torch.empty(1, device="cuda:7")
