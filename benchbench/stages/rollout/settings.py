"""Settings of drawing responses for training: everything that decides which tokens are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from benchbench.core.identity import Since
from benchbench.recipe.rounds import MOST_ROUNDS
from benchbench.recipe.section import Section
from benchbench.stages.generate.settings import GenerateRun
from benchbench.stages.settings import POLICIES, ReadingSettings, ToolSettings

POLICY, REFERENCE, STARTS = "policy", "reference", "start_"
"""Inputs: the policy that the round starts from, the one that the first round starts from, and, with the number of a
round, those that earlier rounds started from. What is not there is the base model as it is."""

DRAWN, LABELS = "drawn_", "labels_"
"""Begin inputs' names, which end with the number of an earlier round: its responses, and what its oracle said."""


class PromptRangeSettings(Section):
    """Which examples of the split are answered."""

    first: int
    """Place of the first one, from 0; 0 where they are drawn."""
    count: int
    redrawn: bool
    """Whether they are drawn from the whole split, without one twice, from the seed and the round."""
    lowest: Annotated[int | None, Since("2026-11-30", before=None)] = None
    """How many of them are answered: those whose latest responses have the lowest mean score; none answers all."""

    @property
    def answered(self) -> int:
        """How many prompts are answered at most."""
        return self.count if self.lowest is None else self.lowest


class SamplerSettings(Section):
    """Who draws."""

    name: str
    version: int
    options: dict[str, Any]
    """Identity of its options."""
    num_samples: int
    """Responses of each prompt that the recipe asks the sampler for; 0 where nothing is drawn."""
    candidates: int | None
    """How many of the split's candidates stand beside what is drawn: the first ones, 0 for all; none for no one."""


class StepValueSettings(Section):
    """Who says what unfinished responses are worth, for a sampler that searches over their steps."""

    source: str
    """The source of the prompts."""
    version: int
    """Of its values of steps."""


class DrawSettings(Section):
    """How an engine draws."""

    engine: Literal["vllm", "transformers"]
    """The one that was chosen when the run was planned; no other takes its place."""
    dtype: Literal["float32", "bfloat16"]
    max_num_seqs: int
    """Responses at once."""
    max_new_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    stop_token_ids: tuple[int, ...] | None
    """Ids that end a response; none where EOS and `stop_tokens` are the only ones."""
    stop_tokens: tuple[str, ...]
    """Tokens that end a response besides EOS, as the recipe names them."""
    purpose: Literal["training"] = "training"
    """Responses for training are drawn apart from those that are judged."""


class RolloutSettings(ReadingSettings):
    """Responses that the policies of a round draw."""

    PRIORITY: ClassVar[int] = 10
    USES_ENGINE: ClassVar[bool] = True
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        POLICY: POLICIES,
        REFERENCE: POLICIES,
        **{f"{STARTS}{number}": POLICIES for number in range(1, MOST_ROUNDS + 1)},
        **{f"{DRAWN}{number}": ("rollout",) for number in range(1, MOST_ROUNDS + 1)},
        **{f"{LABELS}{number}": ("label",) for number in range(1, MOST_ROUNDS + 1)},
    }

    stage_version: int = 1
    round: int
    """From 1."""
    prompts: PromptRangeSettings
    sampler: SamplerSettings
    draw: DrawSettings | None
    """None where nothing is drawn."""
    seed: int
    """What tokens and prompts are drawn from."""
    base_seed: int | None
    """What the weights of a base model without pinned ones are drawn from; none where nothing is drawn."""
    steps: Annotated[StepValueSettings | None, Since("2026-11-29", before=None)] = None
    """None where the sampler draws whole responses."""
    tool: Annotated[ToolSettings | None, Since("2026-11-30", before=None)] = None
    """None where the sampler's policies call nothing."""


SETTINGS, RUN = RolloutSettings, GenerateRun
