"""The whole recipe: what a setting holds fixed, and what a recipe adds to it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from benchbench.core.identity import RUN, Since
from benchbench.core.seeding import HIGHEST_SEED
from benchbench.recipe.claims import ClaimSection, LossSection
from benchbench.recipe.document import describe
from benchbench.recipe.generation import GenerateSection, JudgeSection
from benchbench.recipe.model import ModelSection
from benchbench.recipe.online import OnlineSection
from benchbench.recipe.quirks import QuirkSection
from benchbench.recipe.rounds import RoundsSection
from benchbench.recipe.score import ScoreSection
from benchbench.recipe.section import FileName, NonEmpty, Section
from benchbench.recipe.training import (
    MaskedSpanSection,
    PreferenceSection,
    RewardModelSection,
    SftSection,
)
from benchbench.recipe.transforms import TransformSection

ANNOTATIONS = (
    "name",
    "description",
    "notice",
    "untuned",
    "open_question",
    "claims",
    "reported_losses",
    "reported_on",
    "quirks",
)
"""What a recipe says about itself; nothing of it reaches a result or an identity."""

ALL_LINEAR = "all-linear"
"""Under `lora_target_modules`: adapters on every linear layer but the output head."""
SFT, REWARD_MODEL = "sft", "reward_model"
"""Names under `method` of recipes whose result is the SFT policy or the reward model itself."""
BASE = "base"
"""What the row of the policy that all methods start from is called where there is no SFT stage: the model as it is."""
STARTS = (SFT, BASE)
"""Labels of the row that all methods of a comparison start from."""

SETTING_KEYS = (
    "model",
    "data",
    "tokenization",
    "lora",
    "sft",
    "reward_model",
    "score",
    "generate",
    "judge",
    "seeds.scope",
    "seeds.fixed_seed",
)
"""What a fair comparison holds fixed; a recipe that overrides one of these is not comparable any more."""


class DataSection(Section):
    """Where examples come from, and what is made of them."""

    source: NonEmpty
    """Name of a data source: `toy`, `arithmetic`, `codec`, `local_files`, `hub` or `beginnings`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The source's own options; `bench recipes show` lists them with their defaults."""
    transforms: Annotated[tuple[TransformSection, ...], Since("2026-11-28", before=[])] = ()
    """Applied in this order, each to what the one before it made."""


class PlainTemplate(Section):
    """Text put around each turn, for models without a chat template; `{content}` stands for the turn's text."""

    system: str = "{content}"
    """Around the system message, if there is one."""
    user: str
    """Around each turn of the user."""
    assistant: str
    """Around each earlier turn of the assistant; the scored response follows `generation_prompt` instead."""
    generation_prompt: str = ""
    """Text after the last turn, where the response begins."""
    strip: bool = True
    """Strip white space around each turn and response."""

    @model_validator(mode="after")
    def _has_content(self) -> Self:
        for role in ("system", "user", "assistant"):
            if getattr(self, role).count("{content}") != 1:
                raise ValueError(f"{role}: expected the text '{{content}}' exactly once, got '{getattr(self, role)}'")
        return self


class TokenizationSection(Section):
    """From messages to token ids."""

    template: PlainTemplate | None = None
    """Plain text around each turn; none uses the tokenizer's own chat template."""
    chat_template: NonEmpty | None = None
    """Path of a Jinja chat template that replaces the tokenizer's own (relative to the recipe file)."""
    template_date: Annotated[date | None, Field(strict=False), Since("2026-11-21", before=None)] = None
    """The date that a chat template gets as today's (it calls `strftime_now`), as YYYY-MM-DD; required for such a
    template, and refused for any other."""
    add_bos: bool
    """Begin with the tokenizer's BOS token, exactly once."""
    append_eos: bool
    """End each response with the tokenizer's EOS token, exactly once, after what a chat template writes there; where
    that ends a turn in another token, generation stops at both."""
    max_length: int = Field(gt=1)
    """Tokens of prompt and response together; a stage may replace it."""
    truncation: Literal["right", "left", "drop", "error"]
    """Over-long sequences: cut on that side, drop the whole example, or stop."""
    max_prompt_length: int | None = Field(default=None, gt=0)
    """Examples with a longer prompt are dropped, before truncation."""
    overlong_mask: Literal["exact", "untruncated_prompt"] = "exact"
    """Which tokens of a sequence that was cut on the left count as response: the true ones, or those after the prompt's
    length before the cut, which loses as many response tokens as were cut (a published error, offered as a field)."""
    masked_spans: Annotated[tuple[MaskedSpanSection, ...], Since("2026-11-28", before=[])] = ()
    """Text between markers that is not scored in the data's responses, such as a chain of thought; it is still context
    of what follows. Preference training may replace it."""
    scored: Annotated[Literal["response", "all"], Since("2026-11-28", before="response")] = "response"
    """Which tokens are scored: those of responses, or those of prompts too; a method that scores prompts says so
    itself for its own stages."""

    @model_validator(mode="after")
    def _one_template(self) -> Self:
        if self.template is not None and self.chat_template is not None:
            raise ValueError("expected at most one of template and chat_template")
        return self


def _target_modules(value: Any) -> Any:
    """One fault instead of one per kind of value."""
    is_list = isinstance(value, list | tuple) and value and all(isinstance(name, str) and name for name in value)
    if value == ALL_LINEAR or is_list:
        return value if value == ALL_LINEAR else tuple(value)
    raise ValueError(f"expected a list of module names, or {ALL_LINEAR}, got {describe(value)}")


_Modules = Literal["all-linear"] | Annotated[tuple[NonEmpty, ...], Field(min_length=1)]
TargetModules = Annotated[
    _Modules,
    PlainValidator(_target_modules, json_schema_input_type=_Modules),
    PlainSerializer(lambda modules: modules if isinstance(modules, str) else list(modules)),
]


class LoraSection(Section):
    """Low-rank adapters (peft) instead of full fine-tuning."""

    lora_r: int = Field(gt=0)
    """Rank of the adapters."""
    lora_alpha: float = Field(gt=0)
    """Scale: an adapter's output is multiplied by `lora_alpha / lora_r`."""
    lora_dropout: float = Field(ge=0, lt=1)
    """Dropout probability before each adapter; no effect where `disable_dropout` is on."""
    lora_target_modules: TargetModules
    """Names of the modules that get adapters, such as `[query_key_value]`, or `all-linear`: every linear layer but the
    output head, as peft finds them."""


class SeedsSection(Section):
    """The seeds of a recipe, and what is drawn from a seed."""

    list: Annotated[tuple[int, ...], Field(min_length=1)]
    """One cell each."""
    scope: Literal["all", "init_only"] = "all"
    """`all`: initialisation, data order, dropout; `init_only`: initialisation, the rest drawn from `fixed_seed`."""
    fixed_seed: int = Field(default=42, ge=0)
    """Seed of data order and dropout under `init_only`."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.list)) != len(self.list):
            raise ValueError(f"list: expected distinct seeds, got {list(self.list)}")
        if any(seed < 0 for seed in self.list):
            raise ValueError(f"list: expected seeds >= 0, got {list(self.list)}")
        if max(*self.list, self.fixed_seed) > HIGHEST_SEED:
            raise ValueError("list, fixed_seed: expected seeds below 2^63, got a higher one")
        return self


class MethodSection(Section):
    """Which loss, with which hyper-parameters."""

    name: NonEmpty
    """Name of a method (`bench methods ls` lists them), or `reward_model` where the result is the reward model. The
    resolved name of one that is not built in ends with the hash of its content; where it is written so, the content
    must be that one."""
    file: Annotated[NonEmpty | None, RUN] = None
    """Path of a Python file that defines the method (relative to the recipe file); `name` may hold it, too. Only its
    content is part of an identity. None takes a built-in method, or one of an installed package."""
    variant: FileName = "default"
    """Label of this recipe among those of the same method and setting."""
    hyper: dict[str, Any] = Field(default_factory=dict)
    """Hyper-parameters of the method; `bench methods show NAME` lists them with units and defaults."""


class Recipe(Section):
    """Everything that reaches a result; one seed of it is a cell."""

    name: FileName
    """Name for readers; commands find a recipe by its setting, method and variant."""
    description: str = ""
    """Description in `bench recipes ls`."""
    setting: FileName
    """Name of the setting this recipe belongs to."""
    notice: str = ""
    """Printed above every table of this setting."""
    untuned: bool = False
    """Its values were not chosen on a validation split: every table marks its row. `bench tune --write-recipes` writes
    the recipe without it."""
    open_question: str = ""
    """What of the published procedure could not be checked against its source, a sentence; every table marks its row
    `form unverified`."""
    method: MethodSection
    seeds: SeedsSection
    model: ModelSection
    data: DataSection
    tokenization: TokenizationSection
    lora: LoraSection | None = None
    """Adapters in all training stages; none trains the whole model."""
    sft: SftSection | None
    """Supervised fine-tuning before preference training; none starts from the model as it is."""
    reward_model: RewardModelSection | None = None
    """Reward model for methods that take their rewards from this stage; none if no method does."""
    preference: PreferenceSection | None = None
    """Preference training; none for the method `sft`, whose policy is the SFT stage itself."""
    online: Annotated[OnlineSection | None, Since("2026-11-29", before=None)] = None
    """Responses drawn while the policy is trained; none trains on data alone."""
    rounds: Annotated[RoundsSection | None, Since("2026-11-29", before=None)] = None
    """Preference training in rounds, each on responses that policies draw then; none trains on the split as it is."""
    score: ScoreSection
    generate: Annotated[GenerateSection | None, Since("2026-11-21", before=None)] = None
    """Responses drawn from each policy; none measures pairs only."""
    judge: Annotated[JudgeSection | None, Since("2026-11-21", before=None)] = None
    """Who judges the responses; none judges nothing."""
    claims: tuple[ClaimSection, ...] = ()
    """Numbers that were reported for this recipe; this and the keys below are no part of its identity."""
    reported_losses: tuple[LossSection, ...] = ()
    """Training losses that were reported; shown, never judged."""
    reported_on: dict[str, Any] = Field(default_factory=dict)
    """Dotted key -> the value that the report states; a recipe with another value is known not to be comparable."""
    quirks: tuple[QuirkSection, ...] = ()
    """Questionable choices of the published protocol; `bench quirks` removes them one at a time."""

    @property
    def is_reward_model(self) -> bool:
        """Whether the recipe's result is the reward model, not a policy."""
        return self.method.name == REWARD_MODEL

    @property
    def guide(self) -> str | None:
        """The recipe whose policy a shaping of the draws reads; none where none does."""
        shaping = None if self.online is None else self.online.shaping
        return None if shaping is None else shaping.guide

    @property
    def start(self) -> str:
        """Label of the policy that all methods start from: `sft`, or `base` where there is no SFT stage."""
        return BASE if self.sft is None else SFT

    @property
    def headline(self) -> tuple[str, str]:
        """Metric and scoring that tables begin with."""
        headline = self.score.headline
        return headline.metric, REWARD_MODEL if self.is_reward_model else headline.scoring

    @model_validator(mode="after")
    def _judges_something(self) -> Self:
        if self.judge is not None and self.generate is None:
            raise ValueError("judge: needs responses to judge; add a generate section, or leave judge out")
        return self
