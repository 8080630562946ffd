"""Rounds: preference training on responses that the policies of the recipe draw, several times in turn."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from benchbench.core.identity import RUN, Since
from benchbench.recipe.section import NonEmpty, Section

SAMPLING = ("num_samples", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_new_tokens")
"""Keys of a sampler that say how responses are drawn; all of them, or none where nothing is drawn."""

PLAIN: dict[str, float] = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""Sampling from the policies' own distributions, with nothing cut off or penalised."""

MOST_ROUNDS = 64
"""Rounds of a recipe at most."""


class RoundPromptsSection(Section):
    """Which prompts each round draws responses to."""

    split: NonEmpty
    """Split whose prompts are taken, in its order; never one that is scored or answered. `preference.split` is the
    same."""
    per_round: int = Field(gt=0)
    """Prompts of each round."""
    order: Literal["disjoint", "same", "redrawn"] = "disjoint"
    """`disjoint`: each round takes the next ones; `same`: all take the first ones; `redrawn`: each round draws its own
    from the whole split, from the seed."""
    redraw: Annotated[float, Since("2026-11-30", before=1.0)] = Field(default=1.0, gt=0, le=1)
    """Share of the prompts that rounds after the first answer anew, rounded up, where all take the `same`: those whose
    latest responses the oracle rates lowest on average. A prompt left out keeps the rows of its latest round."""


class SamplerSection(Section):
    """Who draws the responses, and how; sampling fields are required, since engines have different defaults."""

    name: NonEmpty
    """An exhibit of the samplers room: which policies draw."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The sampler's own options."""
    num_samples: int | None = Field(default=None, gt=0)
    """Responses to each prompt; a sampler of several arms shares them among these."""
    temperature: float | None = Field(default=None, ge=0)
    """0 is greedy decoding."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Sample from the smallest set of tokens with this total probability; 1 keeps all."""
    top_k: int | None = Field(default=None, ge=0)
    """Sample from this many of the likeliest tokens; 0 keeps all."""
    min_p: float | None = Field(default=None, ge=0, lt=1)
    """Sample from tokens with at least this share of the likeliest token's probability; 0 keeps all."""
    repetition_penalty: float | None = Field(default=None, gt=0)
    """Penalty on tokens of prompt and response, as in transformers; 1 changes nothing."""
    max_new_tokens: int | None = Field(default=None, gt=0)
    """Longest response; one that is longer is cut, and training never teaches to end there."""

    @property
    def draws(self) -> bool:
        """Whether it says how responses are drawn."""
        return self.num_samples is not None

    @property
    def is_plain(self) -> bool:
        """Whether responses are drawn from the policies' own distributions, with nothing cut off or penalised."""
        return all(getattr(self, name) == value for name, value in PLAIN.items())

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [name for name in SAMPLING if getattr(self, name) is None]
        if missing and len(missing) < len(SAMPLING):
            raise ValueError(f"expected all of {', '.join(SAMPLING)}, or none of them; missing: {', '.join(missing)}")
        if self.temperature == 0 and (self.top_p, self.top_k, self.min_p) != (1.0, 0, 0.0):
            raise ValueError(
                "temperature: greedy decoding (0) reads neither top_p, top_k nor min_p; set 1.0, 0 and 0.0"
            )
        if self.temperature == 0 and self.num_samples != 1:
            greedy = "greedy decoding (temperature 0) has one response per prompt"
            raise ValueError(f"num_samples: {greedy}; expected 1, or a temperature above 0, got {self.num_samples}")
        return self


class OracleSection(Section):
    """Who says what responses are worth."""

    name: NonEmpty = "none"
    """An exhibit of the oracles room; `none` asks nobody."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The oracle's own options."""


class SelectorSection(Section):
    """Which responses become training rows."""

    name: NonEmpty
    """An exhibit of the selectors room."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The selector's own options."""


class RoundSelectorSection(SelectorSection):
    """Which responses become a round's training rows, and what the columns of the rows are called."""

    columns: Annotated[
        dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], NonEmpty], Since("2026-11-29", before={})
    ] = Field(default_factory=dict)
    """Further name -> a column that rows have, such as `{p_votes: p_chosen}`: a method that reads a column under a name
    of its own has it so."""


class ReplaySection(Section):
    """Rows of earlier rounds that a round trains on again."""

    rounds: int = Field(default=0, ge=0)
    """So many rounds before it, whose rows stand after its new ones; 0 trains on the new ones alone."""


class RoundsSection(Section):
    """Rounds of drawing, labelling, selecting and training; `preference` is the training of each round.

    Every round has an optimizer and a schedule of its own, so `preference.max_steps` counts the steps of one round.
    """

    count: int = Field(gt=0, le=MOST_ROUNDS)
    """Number of rounds."""
    prompts: RoundPromptsSection
    start: Literal["previous", "sft"] = "previous"
    """Where the training of a round starts: at the policy of the round before, or at the SFT policy again. Either way
    the policy of the round before draws, and is the one that is meant by the policy that the round starts from."""
    fits: Annotated[Literal[1, 2], Since("2026-11-30", before=1)] = 1
    """Trainings of each round on its rows. With 2 the first leaves an auxiliary policy, which goes on from its last
    self and has it as its anchor; the second starts from the new auxiliary policy, has it as its anchor, and leaves the
    policy that draws in the next round. Either anchor is what the loss reads as the policy that a round starts from."""
    sampler: SamplerSection
    oracle: OracleSection = OracleSection()
    selector: RoundSelectorSection
    replay: ReplaySection = ReplaySection()
    evaluate: Literal["each", "last"] = "last"
    """Which rounds' policies are scored and answer the held-out prompts: each, or only the last one, which is the
    recipe's result."""
    keep_models: Annotated[Literal["all", "last"], RUN] = "all"
    """Which rounds' models stay on disk: all, or only the last one's. With `last` the model of a round goes while the
    command runs, once nothing that is planned reads it; a later command whose stages read it trains it again."""
    on_empty: Literal["keep_policy", "fail"] = "keep_policy"
    """Where a round's selection leaves no row: its policy is the one that drew its responses, and the round says so; or
    the stage fails."""

    @model_validator(mode="after")
    def _replays_what_there_is(self) -> Self:
        if self.replay.rounds >= self.count and self.replay.rounds:
            raise ValueError(f"replay.rounds: expected less than count {self.count}, got {self.replay.rounds}")
        return self
