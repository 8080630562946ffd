"""One-shot games as prompts with a known set of answers; the wording is ours."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LETTER = re.compile(
    r"\b([AB])\b(?=\s*(?:[.,:;!)*\n]|$))|\b(?i:choose|pick|choice|option|answer)(?:\s+is)?:?\s+\**([AB])\b",
    flags=re.MULTILINE,
)
"""A letter that ends a line or a clause, or follows a word of choosing, and so is no article."""
_NUMBER = re.compile(r"-?\d+")
REWARD, TEMPTATION, PUNISHMENT, SUCKER = 3, 5, 1, 0
"""Payoffs of the prisoner's dilemma per unit of stake: both cooperate, defect alone, both defect, cooperate alone."""


@dataclass(frozen=True)
class Game:
    """One prompt."""

    id: str
    game: str
    """`prisoner` or `traveler`."""
    level: int
    """The stake, or the penalty, in dollars."""
    prompt: str
    cooperate: str = ""
    """Letter that means to cooperate, in the prisoner's dilemma."""
    low: int = 0
    """Smallest claim, the only equilibrium of the traveler's dilemma."""
    high: int = 0
    """Largest claim."""

    def read(self, text: str) -> int | None:
        """1 where it cooperates and 0 where not, or the claim.

        None where it names both letters or neither, or where its first number is no claim.
        """
        if self.game == "prisoner":
            letters = {first or second for first, second in _LETTER.findall(text)}
            return int(letters == {self.cooperate}) if len(letters) == 1 else None
        number = _NUMBER.search(text)
        claim = None if number is None else int(number.group())
        return claim if claim is not None and self.low <= claim <= self.high else None


def prisoners(stake: int) -> list[Game]:
    """The prisoner's dilemma at a stake, once with either letter for cooperation."""
    return [_prisoner(stake, cooperate, defect) for cooperate, defect in (("A", "B"), ("B", "A"))]


def _prisoner(stake: int, c: str, d: str) -> Game:
    r, t, p, s = (f"${payoff * stake}" for payoff in (REWARD, TEMPTATION, PUNISHMENT, SUCKER))
    lines = {
        c: f"{c}: you get {r} if the other also chooses {c}, and {s} if the other chooses {d}.",
        d: f"{d}: you get {t} if the other chooses {c}, and {p} if both choose {d}.",
    }
    prompt = (
        "You and another player choose at the same time, once, without talking, and will not meet again. "
        f"The other player has the same options.\n{lines['A']}\n{lines['B']}\nAnswer with one letter, A or B."
    )
    return Game(f"prisoner-{stake}-{c}", "prisoner", stake, prompt, cooperate=c)


def traveler(penalty: int, low: int, high: int) -> Game:
    """The traveler's dilemma (Basu 1994) with a penalty and claims from low to high."""
    prompt = (
        "You and another traveler lost identical suitcases. Each of you, without talking, claims a whole number of "
        f"dollars from {low} to {high}. Both are paid the smaller claim; whoever claimed less gets ${penalty} more, "
        f"and the other ${penalty} less. At equal claims both are paid the claim. Answer with one number."
    )
    return Game(f"traveler-{penalty}", "traveler", penalty, prompt, low=low, high=high)


def tally(level: int, games: Sequence[Game], said: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """One row of counts: what was chosen in the games of one kind and level; NaN where no answer was read.

    Args:
        level: the stake or penalty.
        games: of one kind and level.
        said: id of a game -> responses.
    """
    texts = [(game, text) for game in games for text in said[game.id]]
    answers = [(game, answer) for game, text in texts if (answer := game.read(text)) is not None]
    counts = {"answers": len(answers), "unread": len(texts) - len(answers)}
    if games[0].game == "prisoner":
        says_a = [(game.cooperate == "A") == bool(answer) for game, answer in answers]
        return {"stake": level, "cooperate": _mean([a for _, a in answers]), "says A": _mean(says_a), **counts}
    ends = {
        "smallest": _mean([answer == game.low for game, answer in answers]),
        "largest": _mean([answer == game.high for game, answer in answers]),
    }
    return {"penalty": level, "mean claim": _mean([a for _, a in answers]), **ends, **counts}


def effect(rows: Sequence[Mapping[str, float]], name: str) -> float:
    """The last row's value less the first one's; NaN of a single row."""
    return rows[-1][name] - rows[0][name] if len(rows) > 1 else math.nan


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def levels(text: str) -> Sequence[int]:
    """Whole numbers above 0 of a text that separates them by commas, from small to large.

    Raises:
        ValueError: anything else, or the same twice.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words) or len(set(map(int, words))) < len(words):
        raise ValueError(f"expected distinct whole numbers above 0, separated by commas, got '{text}'")
    return sorted(map(int, words))
