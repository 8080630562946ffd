"""`python -m benchmarks.worker`: a process that is timed, and answers one line of JSON for each line it is given.

Each variant has a process of its own, so that its peak of memory and its environment are its own; the parent asks them
in turn.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from benchmarks.machine import Elapsed, forget_peak, peak_mib, resident_mib
from benchmarks.mixes import MIXES, Mix, scaled_down


@dataclass(frozen=True)
class Task:
    """What a process is to repeat."""

    variant: str
    """Name in `VARIANTS`."""
    mix: str
    bf16: bool = False
    quick: bool = False
    """At a size that shows no more than that it works."""

    def chosen(self) -> Mix:
        """The mix, at its size."""
        return scaled_down(MIXES[self.mix]) if self.quick else MIXES[self.mix]


@dataclass(frozen=True)
class Round:
    """One repetition."""

    main: Elapsed
    """Of what the variant is about, such as an epoch's steps."""
    before: Elapsed = field(default_factory=Elapsed)
    """Of what it needs first, such as the reference's log-probabilities of that epoch."""
    values: tuple[float, ...] = ()
    """What came out, such as the loss of each step, to hold beside another variant's."""


class Runner(Protocol):
    """A variant, ready to be repeated."""

    def __call__(self) -> Round:
        """Do it once."""
        ...


def _ours(task: Task, **settings: Any) -> Runner:
    from benchmarks.ours import Training

    return Training(task.chosen(), bf16=task.bf16, **settings)


def _trl(task: Task, *, tuned: bool) -> Runner:
    from benchmarks.trl_loop import TrlTraining

    return TrlTraining(task.chosen(), bf16=task.bf16, tuned=tuned)


def _matrices(task: Task) -> Runner:
    from benchmarks.matrices import MatrixProducts

    return MatrixProducts(task.chosen(), bf16=task.bf16)


def _scoring(task: Task, *, plain: bool) -> Runner:
    from benchmarks.scoring import OurScoring, PlainScoring

    return (PlainScoring if plain else OurScoring)(task.chosen(), bf16=task.bf16)


def _tokenisation(task: Task, *, trl: bool) -> Runner:
    from benchmarks.tokenisation import OurTokenisation, TrlTokenisation

    return (TrlTokenisation if trl else OurTokenisation)(task.chosen())


VARIANTS: Mapping[str, Callable[[Task], Runner]] = {
    "ours": _ours,
    "ours, nothing shared": lambda task: _ours(task, share=False),
    "ours, padded": lambda task: _ours(task, packed=False),
    "TRL tuned": lambda task: _trl(task, tuned=True),
    "TRL defaults": lambda task: _trl(task, tuned=False),
    "matrix products": _matrices,
    "score": lambda task: _scoring(task, plain=False),
    "plain transformers": lambda task: _scoring(task, plain=True),
    "tokenise": lambda task: _tokenisation(task, trl=False),
    "TRL prepares": lambda task: _tokenisation(task, trl=True),
}
"""Name -> what makes it ready; imports are its own."""


def make_ready(task: Task) -> tuple[Runner, float]:
    """The variant, and the memory of the process in MiB before it had made anything."""
    make = VARIANTS[task.variant]
    for name in _imports(task.variant):
        importlib.import_module(name)
    imported = resident_mib()
    forget_peak()
    return make(task), imported


def _imports(variant: str) -> tuple[str, ...]:
    """What a variant imports, so that it counts as imports and not as its work."""
    common = ("torch", "transformers.models.gpt_neox.modeling_gpt_neox")
    if "TRL" in variant:
        return (*common, "trl.trainer.dpo_trainer", "datasets")
    return common if variant == "matrix products" else (*common, "benchmarks.ours")


def main() -> None:
    """Read a task, then a number of threads a line; answer each."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer

    def answer(values: Mapping[str, Any]) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    import torch

    torch.set_num_threads(1)
    run, imported = make_ready(Task(**json.loads(sys.stdin.readline())))
    answer({"imported_mib": imported})
    for line in sys.stdin:
        torch.set_num_threads(int(line))
        answer(asdict(run()) | {"peak_mib": peak_mib()})


if __name__ == "__main__":
    main()
