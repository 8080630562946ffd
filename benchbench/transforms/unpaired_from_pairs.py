"""Every pair as two labelled responses: the chosen one thumbs up, the rejected one thumbs down.

Data for methods that read a label instead of a pair, such as KTO.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, with_candidates


@dataclass(frozen=True)
class Options:
    """There is nothing to choose."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """`ID-chosen` labelled true, then `ID-rejected` labelled false; `p_chosen` is left out; the seed is not read."""

    def rule(example: Example) -> Sequence[Example]:
        return [
            replace(with_candidates(example, (place,), name=f"{example.id}-{side}"), label=place == 0)
            for place, side in enumerate(("chosen", "rejected"))
        ]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="unpaired_from_pairs",
    options=Options,
    apply=apply,
    makes_columns=("label",),
    candidates=Candidates.PAIR,
    needs_order=True,
    paper=Paper(
        "Ethayarajh et al.", 2024, arxiv="2402.01306", title="KTO: Model Alignment as Prospect Theoretic Optimization"
    ),
)
