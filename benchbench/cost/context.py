"""What the formulas of stages are given, and what they say of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchbench.core.records import StageSpec
from benchbench.cost.activations import Numerics
from benchbench.cost.memory import MemoryNeed, TrainingShape
from benchbench.cost.passes import RowTokens
from benchbench.cost.rates import RateKey, WorkKind
from benchbench.cost.shapes import DecoderShape, UnknownShape

NO_EXAMPLES = "the data are not here, so how many examples there are is not known"
Rows = Callable[[StageSpec], RowTokens | str]
"""What a stage reads, or why that is not known."""
Shapes = Callable[[StageSpec], DecoderShape | UnknownShape]


WORLDS = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of devices that a stage may be spread over."""


@dataclass(frozen=True)
class StageCost:
    """What a stage takes."""

    key: str
    kind: str
    title: str
    work: Mapping[WorkKind, float]
    """Operations of training and scoring, bytes that drawing tokens reads, questions to a judge; empty where it needs
    none of them."""
    numerics: Numerics = "float32"
    """The numbers that the work is done in."""
    memory: Callable[[int], MemoryNeed] | None = None
    """Devices that share its layers, if they can -> memory on each; none without a model, or where it is not known."""
    kernels: float = 0.0
    """Bytes of kernels that are compiled beside it, if the process has none of them yet."""
    train: TrainingShape | None = None
    """What decides about the memory of a stage that trains."""
    drawn_tokens: float = 0.0
    """Tokens that are drawn, at most."""
    judge: str = ""
    """Name of the judge that is asked."""
    calls: float = 0.0
    """Questions to a judge, at most; equal texts are not asked about, and kept answers not again."""
    call_price: float | None = 0.0
    """What these cost at most, in the currency of the recipe's prices; none where that is not known."""
    origin: str = ""
    """Where its numbers of tokens are from."""
    notes: tuple[str, ...] = ()
    """What the numbers rest on, in words."""
    unknown: tuple[str, ...] = ()
    """What is not among the numbers; none where all is known."""

    @property
    def rated_work(self) -> dict[RateKey, float]:
        """Its work by what has one rate."""
        return {(kind, self.judge if kind == "judging" else self.numerics): work for kind, work in self.work.items()}


@dataclass(frozen=True)
class CostContext:
    """What stages of one plan are computed with."""

    device_kind: str
    """`cpu` or `cuda`."""
    shape: Shapes
    rows: Rows
    stages: Mapping[str, StageSpec]
    """Of the plan, by key."""


def fewest(cost: StageCost, usable: float, most: int) -> int | None:
    """The fewest devices, one or a power of two, that hold a stage; none where so many do not."""
    assert cost.memory is not None
    return next((world for world in WORLDS if world <= most and cost.memory(world).bytes <= usable), None)
