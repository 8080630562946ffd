"""Judging: two sets of responses held against each other, one row per answer of the judge."""

from __future__ import annotations

from pathlib import Path

from benchbench import judges
from benchbench.core.judge import JudgeContext
from benchbench.judging.pairs import judge_pairs
from benchbench.judging.responses import one_per_example
from benchbench.recipe.binding import bind
from benchbench.stages.context import Result, StageContext
from benchbench.store.generations import read_generations
from benchbench.store.verdicts import VerdictCache, write_verdicts
from benchbench.training.loop import Interrupted


def run(context: StageContext) -> Result:
    """Judge; leaves verdicts.jsonl. Every answer is kept in the judge's cache as it comes."""
    who = context.settings["judge"]
    judge = judges.get(who["name"])
    options, faults = bind(judge.options, context.spec.run["options"], where="judge.options")
    assert options is not None and not faults, faults
    examples = {example.id: example for example in context.examples()}
    ours = read_generations(context.input("ours"))
    if "theirs" in context.spec.inputs:
        theirs = read_generations(context.input("theirs"))
    else:
        theirs = one_per_example({name: example.candidates[0] for name, example in examples.items()}, ours)

    def progress(done: int, total: int) -> None:
        context.report({"step": done, "steps": total, "tokens": 0})
        if context.should_stop():
            raise Interrupted

    def tell(line: str) -> None:
        context.report({"message": line})

    rows, summary = judge_pairs(
        judge,
        options,
        {name: example.prompt for name, example in examples.items()},
        ours,
        theirs,
        label="ours",
        opponent="theirs",
        cache=VerdictCache.of(context.root, who),
        context=JudgeContext(Path(context.spec.run["folder"]), str(context.device), tell),
        progress=progress,
    )
    write_verdicts(context.folder, rows)
    return Result(0, summary)
