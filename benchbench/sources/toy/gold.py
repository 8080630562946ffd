"""Gold reward of the toy world: exact, and blind to how the response was made."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchbench.sources.toy.families import FAMILIES, Task, read_task

OPENINGS = ("sure ,", "certainly ,")
FILLERS = ("hope this helps .", "ask me again .", "that was nice .", "let me know .")
REFUSAL = "i do not know ."
UNREADABLE_REWARD = -2.0
"""Reward of a response that does not follow the grammar, or did not end."""


def _any_of(texts: tuple[str, ...]) -> str:
    return "|".join(re.escape(text) for text in texts)


_RESPONSE = re.compile(
    rf"(?:(?P<opening>{_any_of(OPENINGS)}) )?"
    rf"(?:answer : (?P<answer>[a-z]+(?: [a-z]+)*) \.|{re.escape(REFUSAL)})"
    rf"(?: because (?P<reason>{_any_of(tuple(f.reason for f in FAMILIES.values()))}) \.)?"
    rf"(?P<fillers>(?: (?:{_any_of(FILLERS)}))*)"
)


@dataclass(frozen=True)
class GoldParts:
    """The gold reward of one response, and what it is made of."""

    exact: float
    """1 if the answer is the truth, else 0."""
    overlap: float
    """Positions that are right / the longer of the two lengths, in [0, 1]."""
    explanation: float
    """1 if the family's reason is there exactly when asked for, and none when not."""
    manner: float
    """1 if a polite opening is there exactly when the prompt says please."""
    fillers: int
    """Empty sentences after the answer."""
    reward: float
    """1.5 exact + 0.5 overlap + explanation + manner - 0.3 fillers, at most 4; -2 if not well-formed."""
    well_formed: bool
    """The response ended and follows the grammar."""


_UNREADABLE = GoldParts(0.0, 0.0, 0.0, 0.0, 0, UNREADABLE_REWARD, False)


def gold_reward(prompt_text: str, response_text: str, *, ended: bool) -> GoldParts:
    """Gold reward of a response, from data or generated.

    Args:
        prompt_text: the user's message, without role marks.
        response_text: the response, without EOS.
        ended: the response came to its own end within 48 tokens.

    Raises:
        ValueError: the prompt is not of this world.
    """
    return gold_of(read_task(prompt_text), response_text, ended=ended)


def gold_of(task: Task, response_text: str, *, ended: bool) -> GoldParts:
    """As `gold_reward`, for a task that is already read."""
    parts = _RESPONSE.fullmatch(" ".join(response_text.split()))
    if not ended or parts is None:
        return _UNREADABLE
    answer, truth = tuple((parts["answer"] or "").split()), task.truth()
    right = sum(word == right_word for word, right_word in zip(answer, truth, strict=False))
    overlap = right / max(len(answer), len(truth))
    exact = float(answer == truth)
    wanted = FAMILIES[task.family].reason if task.explain else None
    explanation = float(parts["reason"] == wanted)
    manner = float((parts["opening"] is not None) == task.polite)
    fillers = parts["fillers"].count(".")
    reward = 1.5 * exact + 0.5 * overlap + explanation + manner - 0.3 * fillers
    return GoldParts(exact, overlap, explanation, manner, fillers, reward, True)
