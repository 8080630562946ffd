"""Labelling: what an oracle says of the responses of a rollout, group by group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchbench import oracles
from benchbench.core.errors import BenchError, Interrupted
from benchbench.core.judge import JudgeContext
from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.core.seeding import stream
from benchbench.data.rollout_json import group_of, labels_json, labels_of
from benchbench.judging.questions import JudgeAsker
from benchbench.recipe.binding import bind
from benchbench.stages.context import Result, StageContext
from benchbench.stages.label.models import PolicyWriter, scorers_of
from benchbench.stages.label.settings import ROLLOUT, LabelSettings
from benchbench.store.made import made_hash, made_lines, write_made
from benchbench.store.parts import WrittenParts, remove_parts

Context = StageContext[LabelSettings]
GROUPS_IN_A_PART = 256
"""A multiple of what oracles ask a model at once, so that a resumed stage makes the very same batches."""


def run(context: Context) -> Result:
    """Ask the oracle; leaves the labels of every group in the rollout's order, none where it has no answer.

    Raises:
        BenchError: the oracle's files are not those of the plan, or what the oracle raises; what it gave is kept.
        Interrupted: the stage was asked to stop; the next attempt asks for what is not there.
    """
    settings, split = context.settings, context.settings.data.split
    oracle, options = oracles.get(settings.oracle.name), _options(context)
    _check_pins(context, oracle, options)
    groups = [group_of(line) for line in made_lines(context.input(ROLLOUT), split)]
    parts = WrittenParts(context.folder, {"device_kind": context.device.type})
    labels: list[Labels | None] = []
    with _oracle_context(context, oracle, options) as to_oracle:
        for number, start in enumerate(range(0, len(groups), GROUPS_IN_A_PART)):
            part = groups[start : start + GROUPS_IN_A_PART]
            labels += _part(context, oracle, options, part, to_oracle, parts, number)
            context.report({"step": start + len(part), "steps": len(groups), "tokens": 0})
    _check_pins(context, oracle, options)
    write_made(context.folder, {split: labels}, labels_json)
    remove_parts(context.folder)
    known = [each for each in labels if each is not None]
    counts = {"groups": len(groups), "labelled": len(known), "answers": sum(each.answers for each in known)}
    return Result(0, {**counts, "kind": oracle.kind, "content": made_hash(context.folder, split)})


def _options(context: Context) -> Any:
    oracle = oracles.get(context.settings.oracle.name)
    options, faults = bind(oracle.options, context.run.options, where="rounds.oracle.options")
    assert not faults, faults
    return options


def _check_pins(context: Context, oracle: Oracle, options: Any) -> None:
    """Refuse an oracle whose files are not those that the labels are filed under."""
    planned, present = context.settings.oracle.pins, dict(oracle.identity(options, Path(context.run.folder)))
    if present != planned:
        names = sorted(name for name in {*planned, *present} if planned.get(name) != present.get(name))
        raise BenchError(
            f"rounds.oracle.options: expected the content that it had when this run was planned, found another of "
            f"{', '.join(names)}; run the command again to label by the new one, or put the old one back"
        )


@contextmanager
def _oracle_context(context: Context, oracle: Oracle, options: Any) -> Iterator[OracleContext]:
    """What the oracle works with, as long as it does."""
    settings = context.settings
    tokenizer = context.tokenizer() if oracle.models or oracle.writes else None

    def draws(group: Group) -> Any:
        return stream(settings.seed or 0, f"label r{group.round} {group.example}")

    judge = JudgeContext(
        folder=Path(context.run.folder),
        device=str(context.device),
        report=lambda line: context.report({"message": line}),
        should_stop=context.should_stop,
        pins=settings.oracle.pins,
        root=context.root,
    )
    models, ask = scorers_of(context, oracle, options, tokenizer), JudgeAsker(context.root, judge)
    with closing(PolicyWriter(context, tokenizer)) as writer:
        encode = None if tokenizer is None else partial(tokenizer.encode, add_special_tokens=False)
        yield OracleContext(judge, models, writer if oracle.writes else None, draws, ask, encode)


def _part(
    context: Context,
    oracle: Oracle,
    options: Any,
    groups: Sequence[Group],
    to_oracle: OracleContext,
    parts: WrittenParts,
    number: int,
) -> list[Labels | None]:
    """The labels of some groups, read where they are there already.

    What came before a stop or a fault is kept where no model of ours is asked, whose batches would be others then.
    """
    labels: dict[int, Labels | None] = {line["place"]: labels_of(line["labels"]) for line in parts.read(number) or ()}
    asked_for = [place for place in range(len(groups)) if place not in labels] if oracle.gives != "nothing" else []
    keeps = not oracle.models and not oracle.writes
    try:
        for place, label in _answers(oracle, options, [groups[place] for place in asked_for], to_oracle):
            labels[asked_for[place]] = label
    finally:
        if keeps or all(place in labels for place in asked_for):
            parts.write(number, [_line(place, labels[place]) for place in sorted(labels)])
    if any(place not in labels for place in asked_for):
        if context.should_stop():
            raise Interrupted
        came = sum(place in labels for place in asked_for)
        raise RuntimeError(f"oracle {oracle.name} gave labels of {came} of {len(asked_for)} groups")
    return [labels.get(place) for place in range(len(groups))]


def _answers(
    oracle: Oracle, options: Any, groups: Sequence[Group], to_oracle: OracleContext
) -> Iterator[tuple[int, Labels]]:
    return iter(oracle.label(options, groups, to_oracle)) if groups else iter(())


def _line(place: int, labels: Labels | None) -> Mapping[str, Any]:
    return {"place": place, "labels": labels_json(labels)}
