"""A model, examples and caches small enough to train in milliseconds, with what every method declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from benchbench import inputs, methods
from benchbench.batches.microbatches import Budget, Cost
from benchbench.batches.mismatched import mismatched
from benchbench.batches.padded import collate, spread
from benchbench.core.batch import CandidateBatch
from benchbench.core.example import Column
from benchbench.core.input import Moving
from benchbench.core.method import Candidates, Method, Need
from benchbench.core.method import Column as DeclaredColumn
from benchbench.core.seeding import stream
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.inputs.distribution import OF_THE_POLICY, Distributions
from benchbench.inputs.live_reference import FollowingReference
from benchbench.inputs.prompt_class import PromptClasses
from benchbench.inputs.rival import Rival
from benchbench.models.layout import ANSWER, Layout, layout_of, use_packed_rows
from benchbench.models.load import seeded
from benchbench.models.logps import unwrap
from benchbench.models.policy_head import PolicyHead, PolicyWithHead
from benchbench.models.reward_head import RewardModel
from benchbench.recipe.training import PreferenceSection
from benchbench.stages.preference.run import with_rival
from benchbench.stages.prompt_vectors import PromptVectors
from benchbench.training.carried import CarriedNumbers
from benchbench.training.half_steps import HalfSteps
from benchbench.training.job import Job
from benchbench.training.objective import BoundInput, MethodObjective
from benchbench.training.optimizer import Rate
from benchbench.training.rows import FixedRows, RowSource
from tests.methods.toys import between

VOCABULARY, PAD = 40, 0


def model(*, seed: int = 0, dtype: torch.dtype = torch.float64, packed: bool = True, **changes: Any) -> Any:
    """A GPT-NeoX of two layers; dropout is off unless asked for. Eager attention would take softmax in float32.

    It takes packed rows, as a stage's models do, unless padded ones are asked for.
    """
    sizes = {
        "vocab_size": VOCABULARY,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 32,
        "initializer_range": 0.2,
        "hidden_dropout": 0.0,
        "attention_dropout": 0.0,
        "tie_word_embeddings": False,
    }
    policy, layout = _made(seed, dtype, packed, tuple(sorted((sizes | changes).items())))
    policy = deepcopy(policy)
    if layout is not None:
        vars(policy.base_model)[ANSWER] = {"cpu": layout}  # so that the copy is not tried out again
        use_packed_rows(policy)
    return policy


@cache
def _made(seed: int, dtype: torch.dtype, packed: bool, sizes: tuple[tuple[str, Any], ...]) -> tuple[Any, Layout | None]:
    """A model that has never computed anything, and what a copy of it said of packed rows where it was asked.

    Drawing the weights and trying the layout out take longer than most tests do with the model.
    """
    config = AutoConfig.for_model("gpt_neox", **dict(sizes))
    with seeded(seed, "toy"):
        policy = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation="sdpa")
    return policy, use_packed_rows(deepcopy(policy)) if packed else None


def examples(
    count: int = 24, *, candidates: int = 2, seed: int = 0, longest: int = 10, roles: Sequence[str] = ()
) -> list[TokenizedExample]:
    """Prompts of 2 to 4 tokens, responses of 1 to `longest`; one for each role that a method reads."""
    return [*_examples(count, len(roles) or candidates, seed, longest, tuple(roles))]


@cache
def _examples(
    count: int, candidates: int, seed: int, longest: int, roles: tuple[str, ...]
) -> tuple[TokenizedExample, ...]:
    rng = stream(seed, "toy examples")
    declared = _declared_columns()
    shares = {name: stream(seed, f"toy column {name}") for name in declared}  # a further one moves no other
    names = sorted({name for method in methods.names() for name in methods.get(method).token_weights})
    weighted = {name: stream(seed, f"toy weights {name}") for name in names}
    made = []
    for number in range(count):
        prompt = tuple(rng.integers(1, VOCABULARY, size=int(rng.integers(2, 5))).tolist())
        rows = []
        for _ in range(candidates):
            response = tuple(rng.integers(1, VOCABULARY, size=int(rng.integers(1, longest + 1))).tolist())
            span = (len(prompt), len(prompt) + len(response))
            rows.append(TokenizedCandidate(prompt + response, span, weights=_weights(*span, weighted)))
        columns: dict[str, Column] = {"p_chosen": float(rng.uniform(0, 1))}
        columns["score"] = tuple(rng.uniform(1, 10, size=candidates).tolist())
        for column in declared.values():
            size = 1 if column.per == "example" else candidates
            drawn = tuple(between(column, share) for share in shares[column.name].uniform(0, 1, size=size).tolist())
            columns.setdefault(column.name, drawn[0] if column.per == "example" else drawn)
        made.append(TokenizedExample(f"e{number}", tuple(rows), False, columns, roles=roles or None))
    return tuple(made)


def _declared_columns() -> dict[str, DeclaredColumn]:
    """The columns that methods read, by name; one that several read has the values that all of them allow."""
    declared: dict[str, DeclaredColumn] = {}
    for column in (column for name in methods.names() for column in methods.get(name).columns):
        other = declared.get(column.name, column)
        declared[column.name] = replace(column, low=max(column.low, other.low), high=min(column.high, other.high))
    return declared


def _weights(start: int, stop: int, rngs: Mapping[str, Any]) -> dict[str, tuple[tuple[int, int, float], ...]]:
    """A weight in (0.5, 1.5) for every token of a response, by name."""
    return {
        name: tuple((place, place + 1, float(rng.uniform(0.5, 1.5))) for place in range(start, stop))
        for name, rng in rngs.items()
    }


def served(**loaded: Any) -> dict[str, BoundInput]:
    """Name of an input -> what it gives for a batch, from what its `load` would have read, by the real exhibits."""
    exhibits = {name: inputs.get(name) for name in loaded}
    return {
        name: BoundInput(partial(exhibits[name].tensor, read), exhibits[name].has_gradient)
        for name, read in loaded.items()
    }


def caches(
    given: Sequence[TokenizedExample],
    method: Method | None = None,
    *,
    seed: int = 0,
    anchor: Callable[[], Any] | None = None,
) -> dict[str, BoundInput]:
    """Random reference log-probabilities in (-4, 0), standard normal rewards, and what else a method declares.

    A model that an input has in memory is the toy of seed 1, or what `anchor` gives; log-probabilities under further
    anchors are random.
    """
    rng = stream(seed, "toy caches")
    lengths = {e.id: [c.response[1] - c.response[0] for c in e.candidates] for e in given}
    names: dict[str, Any] = {} if method is None or not method.columns else {"column": method.column_names}
    names |= {} if method is None else _in_memory(method, lengths, anchor or frozen)
    drawn = {} if method is None else served_draws(method, lengths, anchor or frozen)
    return drawn | served(
        reference={name: [rng.uniform(-4, 0, size=n).tolist() for n in found] for name, found in lengths.items()},
        reward={name: rng.normal(size=len(found)).tolist() for name, found in lengths.items()},
        **names,
    )


def _in_memory(method: Method, lengths: Mapping[str, Sequence[int]], frozen: Callable[[], Any]) -> dict[str, Any]:
    """What the inputs of a method beyond the usual would have loaded."""
    loaded: dict[str, Any] = {}
    for need in method.needs:
        if need.name == Need.ANCHORS.name:
            rng, named = stream(7, "toy anchors"), need.option("names")
            names = ("first", "second") if named == "any" else tuple(named.split(","))
            loaded[need.name] = {
                name: {key: [rng.uniform(-4, 0, size=n).tolist() for n in sizes] for key, sizes in lengths.items()}
                for name in names
            }
        elif need.name == Need.PREVIOUS.name:
            rng = stream(7, "toy previous")
            loaded[need.name] = {
                key: [rng.uniform(-4, 0, size=n).tolist() for n in sizes] for key, sizes in lengths.items()
            }
        elif need.name == Need.DISTRIBUTION.name:
            alone = need.option("quantity") in OF_THE_POLICY
            loaded[need.name] = Distributions(need.option("quantity"), None if alone else frozen())
        elif need.name in (Need.MISMATCHED.name, Need.ACTIVATIONS.name):
            loaded[need.name] = frozen()
        elif need.name == Need.LIVE_REFERENCE.name:
            loaded[need.name] = FollowingReference(frozen(), share=0.5, every=3)
        elif need.name == Need.RIVAL.name:
            loaded[need.name] = Rival(frozen().requires_grad_(True), slow_rate=0.25)
        elif need.name == Need.PROMPT_EMBEDDING.name:
            vectors = stream(7, "toy prompts").normal(size=(len(lengths), 8))
            loaded[need.name] = PromptVectors({name: n for n, name in enumerate(lengths)}, torch.from_numpy(vectors))
        elif need.name == Need.PROMPT_CLASS.name:
            shares = stream(7, "toy prompt classes").uniform(size=len(lengths))
            loaded[need.name] = PromptClasses(dict(zip(lengths, shares.tolist(), strict=True)))
    return loaded


@dataclass(frozen=True)
class Draws:
    """Rows that somebody drew: what goes with them."""

    reference: Any
    logps: Mapping[str, Sequence[Sequence[float]]]

    def behaviour(self, batch: CandidateBatch) -> torch.Tensor:
        """[B, K, T] log-probabilities when they were drawn."""
        return spread(batch, self.logps, dtype=torch.float64)

    def values(self, batch: CandidateBatch) -> torch.Tensor:
        """[B, K, T] a critic's values when they were drawn: half of each log-probability."""
        return self.behaviour(batch) / 2


def served_draws(
    method: Method, lengths: Mapping[str, Sequence[int]], anchor: Callable[[], Any]
) -> dict[str, BoundInput]:
    """What serves the needs of a method for drawn rows, by the real exhibits; near what the toy says of them."""
    of_draws = (Need.BEHAVIOUR.name, Need.FRESH.name, Need.VALUE.name)
    exhibits = [inputs.get(need.name) for need in method.needs if need.name in of_draws]
    if not exhibits:
        return {}
    rng = stream(9, "toy draws")
    draws = Draws(
        anchor(), {name: [rng.uniform(-4, -3, size=n).tolist() for n in sizes] for name, sizes in lengths.items()}
    )
    return {each.name: BoundInput(partial(each.drawn, draws), each.has_gradient) for each in exhibits}


def draws_beside(given: Sequence[TokenizedExample]) -> list[TokenizedExample]:
    """For each example three other responses to its prompt."""
    rng = stream(10, "toy draws beside")
    beside = []
    for example in given:
        first = example.candidates[0]
        prompt = tuple(first.tokens[: first.prompt_length])
        drawn = [tuple(rng.integers(1, VOCABULARY, size=int(rng.integers(1, 6))).tolist()) for _ in range(3)]
        rows = [TokenizedCandidate(prompt + ids, (len(prompt), len(prompt) + len(ids))) for ids in drawn]
        beside.append(TokenizedExample(example.id, tuple(rows), False, {}))
    return beside


@dataclass(frozen=True)
class WithDraws:
    """Rows with the same draws beside them at every step."""

    rows: FixedRows
    beside: Mapping[str, TokenizedExample]
    cost: Cost

    def lengths(self) -> Sequence[int]:
        return self.rows.lengths()

    def steps(self, settings: Any) -> int:
        return self.rows.steps(settings)

    def of_step(self, step: int, batches: Any) -> Any:
        rows = self.rows.of_step(step, batches)
        beside = [self.beside[example.id] for example in rows.examples]
        costs = [cost + self.cost.of(drawn) for cost, drawn in zip(rows.costs, beside, strict=True)]
        return replace(rows, costs=costs, beside=beside)


def frozen() -> Any:
    """Another toy model, without gradient."""
    return model(seed=1).eval().requires_grad_(False)


def settings(**changes: Any) -> PreferenceSection:
    """A training section as a stage gets it: 12 steps over 24 examples, four epochs."""
    values = {
        "split": "train",
        "learning_rate": 0.01,
        "lr_scheduler_type": "linear",
        "warmup_steps": 2,
        "max_steps": 12,
        "global_batch_size": 8,
        "per_device_train_batch_size": 4,
        "weight_decay": 0.01,
        "logging_steps": 1,
        "save_steps": 1000,
    }
    return PreferenceSection.model_validate(values | changes)


def batches(method: Method | None = None, **options: Any) -> Callable[..., CandidateBatch]:
    """How a stage makes the batches of a method."""
    one = method is not None and method.candidates is Candidates.ONE
    if method is not None:
        options = {
            "columns": method.column_names,
            "weights": method.token_weights,
            "roles": method.read_roles,
            **options,
        }
    has_mismatched = method is not None and method.need(Need.MISMATCHED.name) is not None
    has_fresh = method is not None and method.need(Need.FRESH.name) is not None
    put = partial(collate, pad=PAD, device=torch.device("cpu"), candidates=1 if one else None, **options)

    def make(examples: Sequence[TokenizedExample], following: Sequence[TokenizedExample] = ()) -> CandidateBatch:
        batch = put(examples)
        if has_fresh:
            drawn = collate(
                draws_beside(examples), pad=PAD, device=torch.device("cpu"), whole=options.get("whole", False)
            )
            batch = replace(batch, fresh=drawn)
        if not has_mismatched:
            return batch
        rows = [mismatched(*pair, 32) for pair in zip(examples, following or examples, strict=True)]
        return replace(batch, mismatched=put(rows))

    return make


@dataclass(frozen=True)
class OwnLoss:
    """A test's own loss of a batch, piece by piece."""

    of_batch: Callable[[CandidateBatch], Any]
    sees_the_step: bool = False

    def __call__(self, batch: CandidateBatch) -> Any:
        """Its terms and what it logs."""
        return self.of_batch(batch)


@dataclass(frozen=True)
class Toy:
    """A run to be made, and what it acts on."""

    job: Job
    model: Any

    @property
    def log(self) -> bytes:
        """train.jsonl."""
        return (self.job.folder / "train.jsonl").read_bytes()


def toy(
    folder: Path,
    name: str = "dpo",
    *,
    given: Sequence[TokenizedExample] | None = None,
    hyper: Mapping[str, Any] | None = None,
    policy: Any = None,
    objective: Callable[[Any], Callable[[CandidateBatch], Any]] | None = None,
    order_seed: int = 42,
    report: Callable[[Mapping[str, Any]], None] = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
    tokens: int = 10**6,
    **training: Any,
) -> Toy:
    """A run of a method on toys; the same arguments give the same run."""
    method = methods.get(name)
    policy = model() if policy is None else policy
    labelled = method.candidates is Candidates.LABELLED
    given = examples(candidates=1 if labelled else 2, roles=method.roles) if given is None else given
    dtype = torch.float64 if next(policy.parameters()).dtype == torch.float64 else torch.float32
    bound = method.hyper(**(hyper or {}))
    served_inputs, moving = caches(given, method), dict[str, Moving]()
    for name, each in served_inputs.items():
        loaded = each.tensor.args[0] if isinstance(each.tensor, partial) else None
        if isinstance(loaded, Moving):
            moving[name] = loaded
    carried = None
    if method.carried is not None:
        ids, device = [example.id for example in given], torch.device("cpu")
        carried = moving["carried"] = CarriedNumbers(method.carried, bound, ids, dtype=dtype, device=device)
    trained, head = policy, None
    if method.head is not None:
        with seeded(0, "toy head"):
            head = PolicyHead(policy, method.head, outputs=method.head.outputs(bound), reference=frozen())
        head = head.to(dtype)
        trained = PolicyWithHead(policy, head)
    rates: dict[str, Rate] = {}
    if "rival" in served_inputs:
        assert carried is not None
        trained, rates = with_rival(policy, served_inputs["rival"].tensor.args[0], carried)  # type: ignore[union-attr]
    loss = MethodObjective(method, bound, policy, served_inputs, dtype, carried=carried, head=head)
    folder.mkdir(parents=True, exist_ok=True)
    run = settings(**training)
    one = method.candidates is Candidates.ONE
    whole = isinstance(policy, RewardModel)
    plain = unwrap(policy.backbone) if whole else unwrap(policy).base_model
    cost = Cost(packed=layout_of(plain).packed, whole=whole, candidates=1 if one else None)
    rows: RowSource = FixedRows(given, [cost.of(example) for example in given])
    if method.need(Need.FRESH.name) is not None:
        rows = WithDraws(rows, {each.id: each for each in draws_beside(given)}, replace(cost, candidates=None))
    job = Job(
        model=trained,
        objective=loss if objective is None else OwnLoss(objective(policy)),
        rows=rows,
        make_batch=batches(method, whole=whole),
        make_beside=batches(whole=whole),
        cost=cost,
        budget=Budget(tokens, run.per_device_train_batch_size, 1),
        settings=run,
        run=run,
        order_seed=order_seed,
        noise_seed=order_seed,
        folder=folder,
        report=report,
        should_stop=should_stop,
        moving=moving,
        rates=rates,
        half_steps=HalfSteps() if objective is None and method.half_steps else None,
    )
    return Toy(job, policy)


def weights(policy: Any) -> dict[str, torch.Tensor]:
    """A copy of all weights."""
    return {name: value.detach().clone() for name, value in policy.state_dict().items()}


def furthest(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> float:
    """Largest difference of two sets of weights."""
    assert one.keys() == other.keys()
    return max(float((one[name].double() - other[name].double()).abs().max()) for name in one)


def after(count: int) -> Callable[[], bool]:
    """True from the given call on: a request to stop after so many steps."""
    calls = iter(np.arange(1, 10**6))
    return lambda: bool(next(calls) >= count)
