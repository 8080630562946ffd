"""One response after its own prompt against the same response after another's: the data of `tpo_text_twin`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example
from benchbench.core.method import Paper
from benchbench.core.seeding import stream
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import others, without_columns


@dataclass(frozen=True)
class Options:
    """Nothing to choose."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example's first response twice: after its prompt, chosen, and after another example's, rejected.

    Those whose drawn prompt is the same text are dropped. Columns per candidate are left out.
    """
    partners = others(len(examples), stream(seed, "swapped prompts"))
    become = [
        _swapped(example, examples[partner])
        for example, partner in zip(examples, partners, strict=True)
        if example.prompt != examples[partner].prompt
    ]
    return become, Counts(dropped={"the drawn prompt is the same": len(examples) - len(become)})


def _swapped(example: Example, other: Example) -> Example:
    response = example.candidates[0]
    prompts = (example.prompt, other.prompt)
    return replace(without_columns(example), candidates=(response, response), prompts=prompts)


TRANSFORM = Transform(
    name="swapped_prompts",
    options=Options,
    apply=apply,
    sets_order=lambda options: True,
    random=True,
    paper=Paper(
        "Xian et al.",
        2025,
        arxiv="2509.25771",
        title="Free Lunch Alignment of Text-to-Image Diffusion Models without Preference Image Pairs",
    ),
    open_question="The paper's wrong captions are edits by a language model; prompts of other examples are ours.",
)
