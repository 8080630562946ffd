"""Export: the files of another project's tool, made from what a model answered or how it scored pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from benchbench.core.errors import BenchError
from benchbench.core.prompt_set import Prompt, PromptSet

if TYPE_CHECKING:
    import pandas as pd

TSTAMP = 0.0
"""The time in files whose format demands one: the same responses give the same bytes, so it is none of ours."""


class Answer(NamedTuple):
    """One response as text, with its length."""

    text: str
    tokens: int
    """As `Responses.rows` counts them."""


@dataclass(frozen=True)
class Responses:
    """What one model answered to a prompt set."""

    model: str
    """Its name in the files; safe as a file name."""
    prompts: PromptSet
    rows: pd.DataFrame
    """One row per response, in the prompt set's order: example, turn (1 or 2), text, tokens (a whole number)."""

    def answers(self, turns: int) -> list[tuple[Prompt, tuple[Answer, ...]]]:
        """Every prompt with its answers, in the set's order.

        Args:
            turns: answers that each prompt must have.

        Raises:
            BenchError: rows that are missing, re-ordered, doubled or of another set; a set of other turns.
        """
        found = [self._turn(turn) for turn in range(1, turns + 1)]
        return [(prompt, tuple(answers[i] for answers in found)) for i, prompt in enumerate(self.prompts.prompts)]

    def _turn(self, turn: int) -> list[Answer]:
        rows = self.rows[self.rows["turn"] == turn]
        wanted = [prompt.id for prompt in self.prompts.prompts]
        got = [str(name) for name in rows["example"]]
        if got != wanted:
            raise BenchError(f"{self.model}: {_difference(wanted, got, turn)}; draw the responses again and export all")
        return [Answer(str(text), int(count)) for text, count in zip(rows["text"], rows["tokens"], strict=True)]


def _difference(wanted: list[str], got: list[str], turn: int) -> str:
    """How rows differ from the prompt file."""
    expected = f"expected one response of turn {turn} to each of {len(wanted)} prompts in the file's order"
    missing = [(place, name) for place, name in enumerate(wanted, start=1) if name not in set(got)]
    if missing:
        return f"{expected}, but {len(missing)} are missing (the first is row {missing[0][0]}, '{missing[0][1]}')"
    if len(got) > len(wanted):
        return f"{expected}, found {len(got)} rows"
    place = next(i for i, (a, b) in enumerate(zip(wanted, got, strict=True), start=1) if a != b)
    return f"{expected}, but they are re-ordered (row {place} is '{got[place - 1]}', not '{wanted[place - 1]}')"


@dataclass(frozen=True)
class ExportedPairs:
    """How one model scored preference pairs."""

    model: str
    reference: str | None
    """Name of the model whose log-probabilities are subtracted; none where none are."""
    template: str
    """What names the chat template."""
    rows: pd.DataFrame
    """One row per pair: example, subset, chosen, rejected (scores; higher is better)."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """One exhibit of the exports room."""

    name: str
    """Registry key; equals the file name."""
    reads: Literal["responses", "pairs"]
    """`files` is given `Responses`, or `ExportedPairs`."""
    files: Callable[[Any], Mapping[str, str]]
    """One model's responses or scores -> path below the output folder -> text.

    Raises BenchError where they are not what the format holds.
    """
    turns: int = 1
    """Responses to each prompt."""
    version: int = 1
    """Raised by hand when the files change."""
