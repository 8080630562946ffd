"""How a judge is asked, whoever wants its verdicts: what was ever answered is read, and new answers are kept at once.

A judge that takes one stage at a time is asked by one stage at a time.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from benchbench.core.errors import BenchError, Interrupted
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.judging.identity import judge_identity
from benchbench.judging.rows import Answers
from benchbench.store.verdict_cache import VerdictCache, verdict_key


@dataclass
class JudgeAsker:
    """Verdicts for an oracle, from the cache that the judging of held-out responses has, too."""

    root: Path
    """The `runs/` folder, below which answers are kept."""
    context: JudgeContext
    """Where the judge works."""
    _last: tuple[Judge, Any, dict[str, Any], VerdictCache] | None = field(default=None, init=False)
    """Judge, options, identity and cache of the last question, so that files are hashed once."""

    def __call__(self, judge: Judge, options: Any, contests: Sequence[Contest]) -> Iterator[tuple[int, Verdict]]:
        """(place of the contest, its verdict) once for each: those that are known first, the others as they come.

        Raises:
            BenchError: what the judge raises; what it gave before is kept.
            Interrupted: the stage was asked to stop; what the judge gave is kept.
        """
        who, cache = self._cache(judge, options)
        places: dict[str, list[int]] = {}
        for place, contest in enumerate(contests):
            places.setdefault(verdict_key(who, contest), []).append(place)
        wanted = {key: contests[same[0]] for key, same in places.items()}
        context = replace(self.context, pins=who["identity"])
        with closing(ask(judge, options, wanted, Answers({}, {}, {}), cache, context)) as coming:
            for key, verdict in coming:
                yield from ((place, verdict) for place in places[key])

    def _cache(self, judge: Judge, options: Any) -> tuple[dict[str, Any], VerdictCache]:
        if self._last is None or self._last[:2] != (judge, options):
            who = judge_identity(judge, options, self.context.folder)
            self._last = (judge, options, who, VerdictCache.of(self.root, who, self.context.report))
        return self._last[2:]


def ask(
    judge: Judge,
    options: Any,
    wanted: Mapping[str, Contest],
    answers: Answers,
    cache: VerdictCache | None,
    context: JudgeContext,
) -> Generator[tuple[str, Verdict]]:
    """(key, verdict) of every contest, once: those of the cache first, then the judge's as they come.

    Args:
        judge: the exhibit.
        options: an instance of its options.
        wanted: key of the cache -> contest.
        answers: filled with what is read and what comes, before it is given.
        cache: of this judge; none asks for everything.
        context: where the judge works, with what pins its verdicts.

    Raises:
        BenchError: what the judge raises; what it gave before is kept.
        Interrupted: `context.should_stop` said so; what the judge gave is kept.
    """
    answers.read = _known(cache, wanted)
    if len(answers.read) == len(wanted):
        yield from answers.read.items()
        return
    with _turn(judge, cache, context):
        answers.read = _known(cache, wanted)
        yield from answers.read.items()
        unknown = {key: contest for key, contest in wanted.items() if key not in answers.read}
        yield from _put(judge, options, unknown, answers, cache, replace(context, known=len(answers.read)))


def _known(cache: VerdictCache | None, wanted: Mapping[str, Contest]) -> dict[str, Verdict]:
    verdicts = {key: cache.get(key) for key in wanted} if cache is not None else {}
    return {key: verdict for key, verdict in verdicts.items() if verdict is not None}


@contextmanager
def _turn(judge: Judge, cache: VerdictCache | None, context: JudgeContext) -> Iterator[None]:
    """Wait until no other stage asks a judge that takes one stage at a time; the cache then holds their verdicts."""
    if cache is None or not judge.asked_alone:
        yield
        return

    def waiting(line: str) -> None:
        said = "another stage is asking it; this one waits and reuses its answers"
        context.report(f"judge {judge.name}: {said}: {line}")

    with cache.alone(context.should_stop, waiting) as came:
        if not came:
            raise Interrupted
        yield


def _put(
    judge: Judge,
    options: Any,
    wanted: Mapping[str, Contest],
    answers: Answers,
    cache: VerdictCache | None,
    context: JudgeContext,
) -> Iterator[tuple[str, Verdict]]:
    keys = list(wanted)
    if not keys:
        return
    try:
        # a generator, so that closing it ends what the judge has under way
        with closing(cast(Any, judge.judge(options, list(wanted.values()), context))) as verdicts:
            for place, verdict in verdicts:
                key = keys[place]
                answers.paid[key] = answers.received[key] = verdict
                if cache is not None and _is_answer(verdict):
                    answers.received[key] = cache.add(key, verdict)
                yield key, answers.received[key]
    except BenchError as error:
        came = sum(map(_is_answer, answers.received.values()))
        if cache is None or not came:
            raise
        raise BenchError(
            f"{error}\n{came} of {len(keys)} verdicts arrived before that and are kept in {cache.path}; "
            "the next run asks only for the others",
            exit_code=error.exit_code,
        ) from None
    if len(answers.received) < len(keys) and context.should_stop():
        raise Interrupted
    if len(answers.received) != len(keys):
        raise RuntimeError(f"judge {judge.name} gave {len(answers.received)} verdicts on {len(keys)} contests")


def _is_answer(verdict: Verdict) -> bool:
    """Whether it is worth keeping: a missing verdict only where the judge gave an answer."""
    return verdict.first_wins is not None or verdict.raw != ""
