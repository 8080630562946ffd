"""Judging: two sets of responses compared with each other, one row per answer of the judge."""

from __future__ import annotations

from pathlib import Path

from benchbench import judges
from benchbench.core.judge import JudgeContext
from benchbench.judging.chosen import chosen_responses
from benchbench.judging.identity import check_identity
from benchbench.judging.pairs import judge_pairs
from benchbench.judging.responses import one_per_example
from benchbench.recipe.binding import bind
from benchbench.stages.context import Result, StageContext
from benchbench.stages.judge.settings import JudgeSettings
from benchbench.store.generations import read_generations
from benchbench.store.verdict_cache import VerdictCache
from benchbench.store.verdicts import write_verdicts


def run(context: StageContext[JudgeSettings]) -> Result:
    """Judge; leaves verdicts.jsonl. Every answer is kept in the judge's cache as it comes.

    Several processes share the prompts, each with the judge's model on its device; the first leaves the rows of all.

    Raises:
        BenchError: the judge is another than when the run was planned, at the start or at the end; texts that cannot
            be compared with each other; or what the judge raises.
        Interrupted: the stage was asked to stop; the next run asks for what is not in the cache.
    """
    who = context.settings.judge
    judge, folder = judges.get(str(who.get("name"))), Path(context.run.folder)
    options, faults = bind(judge.options, context.run.options, where="judge.options")
    assert options is not None and not faults, faults
    check_identity(judge, options, folder, who)
    examples = {example.id: example for example in context.examples()}
    ours = read_generations(context.input("ours"))
    if "theirs" in context.spec.inputs:
        opposing = read_generations(context.input("theirs"))
    else:
        answered = {name: examples[name] for name in ours["example"] if name in examples}
        opposing = one_per_example(chosen_responses(answered), ours)

    def progress(done: int, total: int) -> None:
        context.report({"step": done, "steps": total, "tokens": 0})

    def tell(line: str) -> None:
        context.report({"message": line})

    rows, summary = judge_pairs(
        judge,
        options,
        {name: example.prompt for name, example in examples.items()},
        ours,
        opposing,
        label="ours",
        opponent="theirs",
        cache=VerdictCache.of(context.root, who, tell),
        context=JudgeContext(folder, str(context.device), tell, context.should_stop, root=context.root),
        progress=progress,
        who=who,
        number=context.ranks.number,
        world=context.ranks.world,
        gathered=context.ranks.gathered,
    )
    check_identity(judge, options, folder, who)
    if context.ranks.is_first:
        write_verdicts(context.folder, rows)
    return Result(0, summary)
