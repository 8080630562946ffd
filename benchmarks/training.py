"""Training, scoring and tokenisation: variants in turn, and the numbers that follow from their times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.children import Measured, Plan, in_turn
from benchmarks.mixes import MIXES, Work, make_examples, work_of
from benchmarks.sections import Result
from benchmarks.tokenisation import OF_ONE
from benchmarks.worker import Task

AGREEMENT = 1e-4
"""How far losses of the two sides may lie apart in float32, in nats; further, and they do not do the same work."""
LIMIT = "matrix products"
PAIRS = ("ours", "TRL tuned")
MANY = ("ours", "ours, nothing shared", "ours, padded")
QUICK = Plan(one_thread=1, all_cores=1)


@dataclass(frozen=True)
class TrainingCase:
    """An epoch of one mix in one precision."""

    mix: str
    bf16: bool
    plan: Plan = Plan()

    def __call__(self, *, quick: bool) -> Result:
        """Measure it.

        Raises:
            RuntimeError: the losses of the variants differ, so that their speeds mean nothing.
        """
        defaults = ("TRL defaults",) if self.bf16 else ()
        names = (*(PAIRS if MIXES[self.mix].candidates == 2 else MANY), *defaults * (MIXES[self.mix].candidates == 2))
        tasks = [Task(name, self.mix, self.bf16, quick) for name in (*names, LIMIT)]
        measured, load = in_turn(tasks, QUICK if quick else self.plan)
        mix = tasks[0].chosen()
        work = work_of(mix, make_examples(mix))
        apart = furthest(measured[names[0]], measured[names[1]])
        if not self.bf16 and not apart <= AGREEMENT:
            raise RuntimeError(
                f"{self.mix}: losses of {names[0]} and {names[1]} lie {apart:.2g} apart, more than {AGREEMENT}"
            )
        precision = "bfloat16 autocast" if self.bf16 else "float32"
        method = "DPO" if mix.candidates == 2 else "DDO-RM"
        return Result(
            what=f"{method}, {precision}: {mix.what}; {mix.shape.parameters / 1e6:.1f}M parameters, "
            f"{work.examples} examples in batches of {mix.batch}",
            table=table(measured, names, work),
            facts=facts(work, measured[LIMIT]) | {f"largest difference in loss, {names[0]} and {names[1]}": apart},
            other_cores=load,
        )


def furthest(first: Measured, second: Measured) -> float:
    """The largest difference of what two variants came to."""
    return max(abs(a - b) for a, b in zip(first.values, second.values, strict=True))


def facts(work: Work, limit: Measured) -> dict[str, float]:
    """What an example is, and what the machine could do."""
    return {
        "tokens an example, padded": work.padded_tokens / work.examples,
        "tokens an example, real": work.real_tokens / work.examples,
        "tokens an example, packed": work.packed_tokens / work.examples,
        "useful GFLOP an example": work.training_flops / work.examples / 1e9,
        "the same with nothing shared, ours 1": work.alone_flops / work.forward_flops,
        "GFLOP/s of matrix products alone, one thread": work.training_flops / limit.cpu_seconds / 1e9,
    }


def table(measured: Mapping[str, Measured], names: Sequence[str], work: Work) -> dict[str, dict[str, float]]:
    """Variant -> column -> number."""
    first = measured[names[0]]
    return {name: _row(measured[name], first, work, measured[LIMIT]) for name in names}


def _row(row: Measured, first: Measured, work: Work, limit: Measured) -> dict[str, float]:
    whole = row.cpu_seconds + row.cpu_seconds_before
    return {
        "examples a CPU-second": work.examples / row.cpu_seconds,
        "real tokens a CPU-second": work.real_tokens / row.cpu_seconds,
        "useful GFLOP/s": work.training_flops / row.cpu_seconds / 1e9,
        "of the limit": limit.cpu_seconds / row.cpu_seconds,
        "time, first row 1": row.cpu_seconds / first.cpu_seconds,
        "with the reference pass": whole / (first.cpu_seconds + first.cpu_seconds_before),
        "examples a second, all cores": work.examples / row.wall_seconds,
        "time, all cores": row.wall_seconds / first.wall_seconds,
        "peak MiB": row.peak_mib,
        "peak less imports MiB": row.peak_mib - row.imported_mib,
    }


@dataclass(frozen=True)
class ScoringCase:
    """Every response of a mix without gradients."""

    mix: str
    bf16: bool = False
    plan: Plan = Plan()

    def __call__(self, *, quick: bool) -> Result:
        """Measure it.

        Raises:
            RuntimeError: the log-probabilities of the two differ.
        """
        names = ("score", "plain transformers")
        tasks = [Task(name, self.mix, self.bf16, quick) for name in names]
        measured, load = in_turn(tasks, QUICK if quick else self.plan)
        mix = tasks[0].chosen()
        work = work_of(mix, make_examples(mix))
        apart = furthest(measured[names[0]], measured[names[1]])
        if not self.bf16 and not apart <= 10 * AGREEMENT:  # sums over a response's tokens
            raise RuntimeError(f"{self.mix}: log-probabilities of {' and '.join(names)} lie {apart:.2g} nats apart")
        return Result(
            what=f"Held-out pairs scored, {'bfloat16 autocast' if self.bf16 else 'float32'}: the loop of stages, and "
            "transformers with padded batches sorted by length and all logits",
            table=side_by_side(measured, work.examples),
            facts={"largest difference of a response's log-probability": apart},
            other_cores=load,
        )


@dataclass(frozen=True)
class TokenisationCase:
    """Texts to token rows."""

    mix: str = "long"
    plan: Plan = Plan()

    def __call__(self, *, quick: bool) -> Result:
        """Measure it."""
        tasks = [Task(name, self.mix, quick=quick) for name in ("tokenise", "TRL prepares")]
        measured, load = in_turn(tasks, QUICK if quick else self.plan)
        count = OF_ONE * tasks[0].chosen().count
        return Result(
            what=f"{count} pairs of made-up words tokenised by what a stage does, and by TRL's trainer",
            table=side_by_side(measured, count),
            facts={},
            other_cores=load,
        )


def side_by_side(measured: Mapping[str, Measured], examples: int) -> dict[str, dict[str, float]]:
    """Variant -> column -> number, where there is nothing but time and memory to say."""
    first = next(iter(measured.values()))
    return {
        name: {
            "examples a CPU-second": examples / row.cpu_seconds,
            "time, first row 1": row.cpu_seconds / first.cpu_seconds,
            "examples a second, all cores": examples / row.wall_seconds,
            "time, all cores": row.wall_seconds / first.wall_seconds,
            "peak MiB": row.peak_mib,
            "peak less imports MiB": row.peak_mib - row.imported_mib,
        }
        for name, row in measured.items()
    }
