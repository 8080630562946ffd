"""A stage that draws responses while it trains: its rows, the models that are in memory for it, and what is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from benchbench import oracles, samplers, shaping
from benchbench.core.identity import restore
from benchbench.core.method import Method, Need
from benchbench.core.sampler import REFERENCE
from benchbench.cost.context import StageCost
from benchbench.cost.passes import RowTokens, bounded_rows, decode_bytes
from benchbench.cost.shapes import DecoderShape
from benchbench.cost.turns import Turns, turns_with
from benchbench.recipe.binding import bind
from benchbench.stages.preference.settings import GUIDE, OnlineSettings

REWARD_MODEL = "reward_model"
AT_MOST = "at most: rows are drawn, so prompts and responses count as long as they may be"


@dataclass(frozen=True)
class TrainingDraws:
    """What is drawn in training."""

    settings: OnlineSettings
    frozen_models: int
    """Models that are in memory beside the policy and score what is drawn once."""
    turns: Turns
    """Of a response."""

    @property
    def passes(self) -> int:
        """How often each drawn row is trained on."""
        return self.settings.num_iterations if self.settings.draws_rows else 1

    def rows(self, rows: RowTokens, tokenization: Any) -> RowTokens:
        """What an example brings: its draws, beside its own row where the rows are those of a split.

        Args:
            rows: of the split whose prompts are answered.
            tokenization: settings of the stage's tokens.
        """
        response = self.turns.response_tokens
        prompt = tokenization.max_prompt_length or max(1, tokenization.max_length - response)
        drawn = bounded_rows(rows.examples, self.settings.num_samples, prompt=prompt, response=response, origin=AT_MOST)
        if self.settings.draws_rows:
            return drawn
        return replace(
            drawn,
            packed=drawn.packed + rows.packed,
            scored=drawn.scored + rows.scored,
            row=max(drawn.row, rows.row),
            longest=drawn.longest + rows.longest,
            candidates=drawn.candidates + rows.candidates,
        )

    def added(self, cost: StageCost, shape: DecoderShape, *, seen: float, size: int) -> StageCost:
        """A stage's cost with that of drawing; the engine is the model in memory.

        Args:
            cost: of its training.
            shape: of the model.
            seen: rows that are trained on, repeated ones too.
            size: bytes of a weight.
        """
        online = self.settings
        samples = max(1, online.num_samples)
        drawn = seen / self.passes * samples * self.turns.drawn
        length = cost.train.row if cost.train is not None else self.turns.response_tokens
        read = decode_bytes(shape, sequences=samples, length=length, bytes_per_weight=size)
        note = f"draws at most {drawn:,.0f} tokens; rows are as long as they may be"
        unknown = () if online.oracle is None else (f"what oracle {online.oracle.name} takes for labels",)
        work = {**cost.work, "transformers generation": drawn / samples * read}
        return replace(cost, work=work, drawn_tokens=drawn, notes=(*cost.notes, note), unknown=unknown)


def training_draws(online: OnlineSettings, method: Method) -> TrainingDraws:
    """What a stage draws while it trains.

    Args:
        online: settings of the stage.
        method: that is trained.
    """
    sampler = samplers.get(online.sampler.name)
    options, faults = bind(sampler.options, restore(sampler.options, online.sampler.options), where="online sampler")
    assert not faults, faults
    arms = sampler.arms(options, online.num_samples)
    by_oracle = frozenset[str]() if online.oracle is None else oracles.get(online.oracle.name).models
    named = {name for arm in arms for name in arm.mixture} | by_oracle
    needs = {need.name for need in method.declared}
    shaped = frozenset[str]() if online.shaping is None else shaping.get(online.shaping.name).needs
    has_reference = REFERENCE in named | shaped or bool({Need.REFERENCE.name, Need.FRESH.name} & needs)
    calls = 0 if sampler.tool_use is None else sampler.tool_use(options).calls
    turns = turns_with(online.tool, calls, online.max_new_tokens)
    return TrainingDraws(online, has_reference + (REWARD_MODEL in by_oracle) + (GUIDE in shaped), turns)
