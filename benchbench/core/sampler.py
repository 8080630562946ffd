"""Sampler: which models draw how many responses to a prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchbench.core.method import Paper
from benchbench.core.rollout import DATA
from benchbench.core.search import StepSearch
from benchbench.core.tools import ToolUse

POLICY, REFERENCE, PREVIOUS, HISTORY = "policy", "reference", "previous", "history"
"""Models that an arm may draw from: the policy that the round starts from, the fixed policy that the first round
starts from, the policy that the round before started from, and one of the policies that the latest rounds
started from (`Arm.last`)."""
MODELS = (POLICY, REFERENCE, PREVIOUS, HISTORY)


@dataclass(frozen=True)
class Arm:
    """Responses of one source.

    Raises:
        ValueError: a name of no model, weights that do not sum to 1, or no response.
    """

    source: str
    """Name of the arm, which its responses carry; `data` for the split's own candidates."""
    samples: int
    """Responses for each prompt; for `data` how many of the candidates, the first ones; 0 takes all of them."""
    mixture: Mapping[str, float]
    """Model -> weight of its log-probabilities; the next token is drawn from softmax of the weighted sum of
    log-probabilities. One model of weight 1 is plain sampling; empty for `data`. Weights may be negative;
    they sum to 1."""
    last: int = 0
    """For an arm of `history`: how many of the latest rounds' starting policies its model may be, drawn evenly for each
    prompt; the round's own counts as the first, and there are fewer in early rounds. 0 elsewhere."""
    instructions: tuple[str, ...] = ()
    """Text that stands before the first turn of the user while the arm draws, for the first round, the second, ...; the
    last one stays. What is trained on answers the prompt without it. Empty for the prompt as it is."""

    def instruction(self, number: int) -> str:
        """The text before the prompt in a round, from 1; empty for none."""
        return self.instructions[min(number, len(self.instructions)) - 1] if self.instructions else ""

    def __post_init__(self) -> None:
        if self.source == DATA:
            if self.mixture or self.samples < 0 or self.last or self.instructions:
                raise ValueError(f"arm {DATA}: expected no model and a number of candidates, got {self}")
            return
        if strange := sorted(set(self.mixture) - set(MODELS)):
            raise ValueError(f"arm {self.source}: expected models among {', '.join(MODELS)}, got {', '.join(strange)}")
        if not self.mixture or abs(sum(self.mixture.values()) - 1) > 1e-9:
            raise ValueError(f"arm {self.source}: expected weights that sum to 1, got {dict(self.mixture)}")
        if (HISTORY in self.mixture) != (self.last > 0):
            raise ValueError(
                f"arm {self.source}: expected a number of rounds for {HISTORY} and 0 elsewhere, got {self.last}"
            )
        if self.samples < 1:
            raise ValueError(f"arm {self.source}: expected at least one response, got {self.samples}")


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """One exhibit of the samplers room: a declaration, which the rollout carries out."""

    name: str
    """Registry key; equals the file name."""
    options: type
    """Frozen dataclass of the options that a recipe gives; documented field by field."""
    arms: Callable[[Any, int], tuple[Arm, ...]]
    """(options, `num_samples` of the recipe) -> arms, in the order of their responses."""
    search: Callable[[Any], StepSearch] | None = None
    """(options) -> how it searches over the steps of responses, where it does: its only arm then draws continuations of
    what the search has chosen so far, `num_samples` of each prefix."""
    tool_use: Callable[[Any], ToolUse] | None = None
    """(options) -> how its policy calls the tool of the prompts' source, where it does."""
    paper: Paper | None = None
    """Where it is from; none for plain sampling."""
    open_question: str = ""
    """What of it could not be verified against its source, a sentence."""
    version: int = 1
    """Raised by hand when what it draws changes."""
