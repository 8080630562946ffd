"""How a model chooses in one-shot games: the prisoner's dilemma by stake, the traveler's dilemma by penalty.

Roberts, Moore and Fisher 2024, arXiv:2404.08710, ask whether models prefer as people do: people cooperate less as the
stakes rise, and claim less as the penalty does. Without responses the battery is written as prompts, which
`bench eval MODEL --prompts prompts.jsonl` answers; with them the answers are counted. The prisoner's dilemma is asked
with either letter for cooperation, so that a model that always says the same letter cooperates in exactly one half. A
response that names one of the letters alone, or whose first number is a claim, is an answer; others are counted as
unread. The wording, payoffs and
claims are ours; the paper reads preferences from log-probabilities, which this does not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.analyses._games import Game, effect, levels, prisoners, tally, traveler
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper
from benchbench.core.ranges import require

TITLE = "Do Large Language Models Learn Human-Like Strategic Preferences?"
RESPONSES = RowsInput(
    "responses",
    "A response to a prompt of the battery, as in the generations.jsonl of `bench eval --prompts`.",
    (
        RowField("example", "label", "Id of the prompt, as in prompts.jsonl."),
        RowField("text", "text", "What the model said."),
    ),
    optional=True,
    rest=True,
)


@dataclass(frozen=True)
class Options:
    """The battery; the same values for prompts and for counting."""

    stakes: str = "1, 100, 10000"
    """Stakes of the prisoner's dilemma in dollars, separated by commas."""
    penalties: str = "2, 10, 50"
    """Penalties of the traveler's dilemma in dollars, separated by commas."""
    low: int = 2
    """Smallest claim of the traveler's dilemma, 1 or more; 2 is Basu's."""
    high: int = 100
    """Largest claim, above the smallest; 100 is Basu's."""

    def __post_init__(self) -> None:
        require(1 <= self.low < self.high, "low, high", "1 <= low < high", f"{self.low} and {self.high}")
        for text in (self.stakes, self.penalties):
            levels(text)

    @property
    def games(self) -> Sequence[Game]:
        """All prompts."""
        dilemmas = [game for stake in levels(self.stakes) for game in prisoners(stake)]
        return [*dilemmas, *(traveler(penalty, self.low, self.high) for penalty in levels(self.penalties))]


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """The battery as `prompts.jsonl`; or, of responses, cooperation by stake, claims by penalty, and both effects.

    Raises:
        BenchError: a response to a prompt that is not in the battery.
    """
    games = {game.id: game for game in options.games}
    if "responses" not in inputs:
        rows = [{"prompt": game.id, "game": game.game, "level": game.level} for game in games.values()]
        texts = [{"id": game.id, "prompt": [{"role": "user", "content": game.prompt}]} for game in games.values()]
        note = "no responses were given: prompts.jsonl is for `bench eval MODEL --prompts`"
        return Analysed([ResultTable("battery", "Battery", rows)], [note], files={"prompts.jsonl": _lines(texts)})
    said: dict[str, list[str]] = {name: [] for name in games}
    for row in inputs["responses"]:
        name = str(row["example"])
        if name not in said:
            raise BenchError(
                f"responses: prompt '{name}' is not in the battery; give the options that made the prompts"
            )
        said[name].append(row["text"])
    prisoner, claims = (
        [
            tally(level, [g for g in games.values() if (g.game, g.level) == (kind, level)], said)
            for level in levels(text)
        ]
        for kind, text in (("prisoner", options.stakes), ("traveler", options.penalties))
    )
    effects = {
        "cooperation, largest less smallest stake": effect(prisoner, "cooperate"),
        "mean claim, largest less smallest penalty": effect(claims, "mean claim"),
    }
    tables = [
        ResultTable("effects", "Effects", [effects]),
        ResultTable("prisoner", "Prisoner's dilemma", prisoner),
        ResultTable("traveler", "Traveler's dilemma", claims),
    ]
    notes = ["people: both effects are negative", "unread: responses that name both letters or none, or no claim"]
    if any(row["answers"] == 0 for row in (*prisoner, *claims)):
        notes.append("n/a: no response was read")
    notes += ["effect n/a: one stake or one penalty has none"] * (min(len(prisoner), len(claims)) < 2)
    return Analysed(tables, notes)


def _lines(rows: Sequence[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


ANALYSIS = Analysis(
    name="game_battery",
    title="How a model chooses in one-shot games",
    paper=Paper("Roberts et al.", 2024, arxiv="2404.08710", title=TITLE),
    analyse=analyse,
    inputs=(RESPONSES,),
    options=Options,
    open_question="Only summaries could be read: prompts, payoffs and how a preference is read are not the paper's.",
)
