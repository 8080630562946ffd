"""`bench export states`: the state of a finished model after every response of a split, for probes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.commands.export.run import Exported
from benchbench.commands.run_plan import RunOptions
from benchbench.commands.run_target import RunTarget, finished_stage, planned_run
from benchbench.core.data_ref import DataRef
from benchbench.core.errors import BenchError, Fault, suggestion, unknown_name
from benchbench.core.example import Example
from benchbench.data.column_shape import columns_of, values_of
from benchbench.data.serial import prompt_hash

if TYPE_CHECKING:
    from benchbench.models.reward_head import RewardModel
    from benchbench.stages.context import StageContext

FILE = "states.parquet"
PREFERRED = "preferred"
"""The dimension that every pair has: whether a response is the chosen one."""
NO_NUMBER = "without a number in its column"


@dataclass(frozen=True)
class StatesRequest:
    """Which model's states of which responses, with labels of which dimensions."""

    targets: Sequence[str]
    out: Path
    setting: str | None = None
    seed: str | None = None
    overrides: Sequence[str] = ()
    split: str | None = None
    """None takes the one that the recipe scores."""
    dimensions: Sequence[str] = (PREFERRED,)
    """`preferred`, and names of columns of whole numbers (`score` for the ratings)."""


def export_states(request: StatesRequest, options: RunOptions) -> Exported:
    """Write one row per response and dimension: label, state [H] in float32, example, candidate and prompt.

    The state is what a reward model's head reads; of a policy it is that of the last layer at the last token.

    Raises:
        BenchError: not one method, an unknown split, dimensions that no example has; exit code 4 for a run that is not
            finished.
    """
    import pandas as pd

    from benchbench.store.rows import write_rows

    if len(request.targets) != 1:
        raise BenchError(f"export states: expected one method or recipe, got {len(request.targets)}; export each alone")
    if request.out.is_file():
        raise BenchError(f"--out {request.out}: expected a folder, found a file; name another")
    run = planned_run(
        request.targets[0], setting=request.setting, seed=request.seed, overrides=request.overrides, options=options
    )
    context = _context(run, request.split, options)
    examples = context.examples()
    _check_dimensions(examples, request.dimensions)
    model, at_last_token = _model(context)
    states = dict(_states(context, model))
    left_out: Counter[str] = Counter()
    rows = [
        {**row, "state": states[row["example"]][row["candidate"]]}
        for name in request.dimensions
        for row in _labelled(examples, name, left_out)
        if row["example"] in states
    ]
    request.out.mkdir(parents=True, exist_ok=True)
    write_rows(request.out, pd.DataFrame(rows), name=FILE)
    what = "at the last token" if at_last_token else "that the reward's head reads"
    split = context.spec.settings.data.split
    notes = [f"{run.name}: state of the last layer {what}, {len(states)} examples of split '{split}'"]
    notes += [f"dimension {name}: {count} responses {NO_NUMBER} are left out" for name, count in left_out.items()]
    return Exported([str(request.out / FILE)], notes)


def _context(run: RunTarget, split: str | None, options: RunOptions) -> StageContext[Any]:
    """The stage that reads held-out responses, as it would read those of a split."""
    import torch

    from benchbench.stages.context import StageContext
    from benchbench.store.prepared import read_prepared

    cell, plan = run.cell, run.session.plan
    is_reward_model = cell.loaded.recipe.is_reward_model
    if is_reward_model or cell.policy is not None:
        finished_stage(run, options)
    spec = plan.stages[cell.reward if is_reward_model and cell.reward else cell.score]
    if split is not None:
        prepared = read_prepared(options.store.root, spec.run.data_key)
        assert prepared is not None, "a plan prepares what its cells read"
        if split not in prepared.hashes:
            raise unknown_name("split", split, prepared.hashes)
        settings = spec.settings.model_copy(update={"data": DataRef(split, hash=prepared.hashes[split])})
        spec = type(spec)(spec.kind, spec.title, settings, spec.inputs, spec.run)
    device = torch.device("cuda" if options.device == "auto" and torch.cuda.is_available() else "cpu")
    return StageContext(
        spec=spec,
        folder=options.store.folder(spec.key),
        root=options.store.root,
        device=device,
        report=lambda progress: None,
        should_stop=lambda: False,
    )


def _model(context: StageContext[Any]) -> tuple[RewardModel, bool]:
    """The reward model; or a policy's backbone under a head that nothing reads, and then true."""
    import torch

    from benchbench.models import load
    from benchbench.models.logps import unwrap
    from benchbench.models.reward_head import RewardModel
    from benchbench.stages.reward_model.run import load_reward_model

    if "reward_model" in context.spec.inputs:
        return load_reward_model(context, "reward_model").to(context.device).eval(), False
    if "policy" in context.spec.inputs:
        policy = load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=False)
        policy = policy.merge_and_unload() if hasattr(policy, "merge_and_unload") else policy
    else:
        policy = load.build_base(context.model_spec(), context.tokenizer(), seed=context.settings.seed)
    with torch.random.fork_rng(devices=[]):  # the head's draws are thrown away
        model = RewardModel(unwrap(policy).base_model, pooling="last_token", head_dtype=torch.float32)
    return model.to(context.device).eval(), True


def _states(context: StageContext[Any], model: RewardModel) -> Iterator[tuple[str, Any]]:
    """Id of each example with its [K, H] states."""
    from benchbench.models.layout import layout_of
    from benchbench.models.logps import unwrap
    from benchbench.stages.context import check_context
    from benchbench.stages.scoring import score_examples

    tokenizer = context.tokenizer()
    settings = context.settings
    tokenized = context.tokenized(tokenizer, on_empty=settings.on_empty_response, keep_all=settings.keep_all)
    check_context(tokenized.examples, model.backbone, context.spec.title)
    layout = layout_of(unwrap(model.backbone))
    pad = tokenizer.pad_token_id
    for _, examples, states in score_examples(
        context, tokenized.examples, model.states, pad=pad, layout=layout, whole=True
    ):
        yield from zip((example.id for example in examples), states.cpu().numpy(), strict=True)


def _check_dimensions(examples: Sequence[Example], names: Sequence[str]) -> None:
    """Return only if every dimension has labels, which are whole numbers.

    Raises:
        BenchError: every dimension that has none.
    """
    faults: list[Fault] = []
    for name in names:
        where = f"--dimension {name}"
        if name == PREFERRED:
            if any(len(example.candidates) == 1 and example.label is None for example in examples):
                faults.append(Fault(where, "expected pairs, lists or labelled responses, found single ones"))
            continue
        values = [value for example in examples for value in _numbers(example, name)]
        if not values:
            known = sorted({PREFERRED, *(column for example in examples for column in columns_of(example))})
            faults.append(Fault(where, f"expected a column, found {', '.join(known)}.{suggestion(name, known)}"))
        elif odd := [value for value in values if math.isfinite(value) and value != round(value)]:
            faults.append(Fault(where, f"expected whole numbers, which name classes, found {odd[0]:g}"))
    if faults:
        raise BenchError.of_faults("export states", faults)


def _numbers(example: Example, column: str) -> list[float]:
    """[K] numbers of a column, that of the example for each candidate where there is one; none without the column."""
    columns = columns_of(example)
    if column not in columns:
        return []
    values = list(values_of(columns[column]))
    return values * len(example.candidates) if len(values) == 1 else values


def _labelled(examples: Sequence[Example], name: str, left_out: Counter[str]) -> Iterator[Mapping[str, Any]]:
    """Every response with its label of a dimension; those without one are counted."""
    for example in examples:
        prompt = prompt_hash(example.prompt)[:16]
        for place in range(len(example.candidates)):
            label = _label(example, place, name)
            if label is None:
                left_out[name] += 1
            else:
                yield {"dimension": name, "label": label, "example": example.id, "candidate": place, "prompt": prompt}


def _label(example: Example, place: int, name: str) -> str | None:
    if name == PREFERRED:
        is_chosen = bool(example.label) if len(example.candidates) == 1 else place == 0
        return "chosen" if is_chosen else "rejected"
    values = _numbers(example, name)
    return f"{values[place]:.0f}" if values and math.isfinite(values[place]) else None
