"""The section `online`: rows that are drawn from the policy while it is trained, inside one preference stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from benchbench.core.identity import Since
from benchbench.core.method import Method, Need
from benchbench.recipe.document import describe
from benchbench.recipe.rounds import SAMPLING, OracleSection, SamplerSection, SelectorSection
from benchbench.recipe.section import NonEmpty, Section

SAME = "same"


class PromptSplit(Section):
    """A split whose prompts are answered; its candidates are not read."""

    split: NonEmpty
    """Name of the split."""


def _prompts(value: Any) -> Any:
    """One fault instead of one per kind of value."""
    if value == SAME or isinstance(value, PromptSplit):
        return value
    split = value.get("split") if isinstance(value, Mapping) and len(value) == 1 else None
    if not isinstance(split, str) or not split:
        raise ValueError(f"expected {SAME}, or {{split: NAME}}, got {describe(value)}")
    return PromptSplit(split=split)


def _written(value: Any) -> Any:
    return {"split": value.split} if isinstance(value, PromptSplit) else value


_Prompts = Literal["same"] | PromptSplit
Prompts = Annotated[_Prompts, PlainValidator(_prompts, json_schema_input_type=_Prompts), PlainSerializer(_written)]


class ShapingSection(Section):
    """What is made of a prompt's responses and their labels before the method reads them."""

    name: NonEmpty
    """An exhibit of the shaping room."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The shaping's own options."""
    guide: NonEmpty | None = None
    """The policy that another recipe of the setting trains with the same seed, for a shaping that reads a further one:
    a method with a recipe, such as `dpo`, or a file."""


class OnlineSection(Section):
    """Responses that are drawn every few optimizer steps from the policy as it is then."""

    prompts: Prompts = SAME
    """Prompts that are answered: `same` for those of the step's examples, or `{split: NAME}`."""
    sampler: SamplerSection
    """Who draws."""
    oracle: OracleSection | None = None
    """Who labels what was drawn; none where nothing reads a label."""
    selector: SelectorSection | None = None
    """Which responses become rows; none takes all responses to a prompt as one row's candidates."""
    shaping: Annotated[ShapingSection | None, Since("2026-11-30", before=None)] = None
    """What makes rewards, advantages or weights of tokens of what is known of a prompt's responses; none takes the
    oracle's scores as they are."""
    steps_per_generation: int = Field(default=1, gt=0)
    """Optimizer steps whose prompts are answered at once, by the policy as it is before the first of them."""
    num_iterations: int = Field(default=1, gt=0)
    """How often each drawn row is trained on; above 1, or with more steps per generation, the loss must read the policy
    that drew the row."""

    @model_validator(mode="after")
    def _draws(self) -> Self:
        if not self.sampler.draws:
            raise ValueError(f"sampler: required, not given: {', '.join(SAMPLING)}")
        if self.sampler.temperature == 0:
            raise ValueError("sampler.temperature: expected a number above 0; greedy decoding draws nothing")
        return self

    @property
    def steps_between_draws(self) -> int:
        """Optimizer steps from one draw to the next."""
        return self.steps_per_generation * self.num_iterations


def prompts_split(section: OnlineSection, trained_on: str) -> str:
    """The split whose prompts are answered; `trained_on` is that of preference training."""
    return section.prompts.split if isinstance(section.prompts, PromptSplit) else trained_on


def draws_rows(section: OnlineSection | None, method: Method) -> bool:
    """Whether a method is trained on drawn rows, and not on the split's own with draws beside them."""
    return section is not None and method.need(Need.FRESH.name) is None
