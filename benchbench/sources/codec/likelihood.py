"""How likely a response is under the process of the codec world: its gold score, exact."""

from __future__ import annotations

import math

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import Contest
from benchbench.sources.codec.speech import STAY, Utterance, emission, read_frames, read_utterance

UNREADABLE = -1000.0
"""Score, in nats, of a response that is not made of codes, did not end, or has fewer frames than syllables: less than
any response of this world has. The true value is minus infinity, which no table can hold."""
DIGITS = 6
"""Decimals of a score, so that the last bit of one machine's logarithm is in no stored number."""


def log_likelihood(utterance: Utterance, text: str, layers: int, glitch_rate: float) -> float:
    """Natural logarithm of the probability of these codes, in nats, summed over all ways to divide frames by syllable.

    The sum is the forward recursion over (frame, syllable). Minus infinity where the process cannot speak the text.
    """
    frames = read_frames(text, layers)
    centres = utterance.centres()
    if frames is None or len(frames) < len(centres):
        return -math.inf
    alpha, scale = [0.0] * len(centres), 0.0
    for number, points in enumerate(frames):
        before = alpha
        alpha = [
            emission(points, centre, glitch_rate) * (float(place == 0) if number == 0 else _arrives(before, place))
            for place, centre in enumerate(centres)
        ]
        total = math.fsum(alpha)
        if total == 0:
            return -math.inf
        scale += math.log(total)
        alpha = [value / total for value in alpha]
    ended = alpha[-1] * (1 - STAY)
    return scale + math.log(ended) if ended > 0 else -math.inf


def _arrives(before: list[float], place: int) -> float:
    """Probability to be at a syllable one frame later: it stays, or the one before it ends."""
    return before[place] * STAY + (before[place - 1] * (1 - STAY) if place else 0.0)


def gold_score(prompt_text: str, response_text: str, layers: int, glitch_rate: float, *, ended: bool) -> float:
    """The log-likelihood of a response, in nats to six decimals; of a text that the process cannot speak `UNREADABLE`.

    Raises:
        ValueError: the prompt is not of this world.
    """
    utterance = read_utterance(prompt_text)
    value = log_likelihood(utterance, response_text, layers, glitch_rate) if ended else -math.inf
    return max(round(value, DIGITS), UNREADABLE) if value > -math.inf else UNREADABLE


def contest_scores(contest: Contest, layers: int, glitch_rate: float, judge: str) -> tuple[float, float]:
    """Gold scores of the first and of the second text.

    Raises:
        BenchError: a prompt that is not of this world; `judge` is named in the message.
    """
    try:
        (message,) = contest.prompt
        return _scores(message, contest, layers, glitch_rate)
    except ValueError as error:
        raise BenchError(
            f"judge {judge}: example {contest.example} is not of the codec world ({error}); only source 'codec' has "
            "responses whose likelihood is known, choose another judge"
        ) from None


def _scores(message: Message, contest: Contest, layers: int, glitch_rate: float) -> tuple[float, float]:
    first = gold_score(message.content, contest.first, layers, glitch_rate, ended=contest.first_ended)
    return first, gold_score(message.content, contest.second, layers, glitch_rate, ended=contest.second_ended)
