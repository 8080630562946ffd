"""The annotator who labels the pairs of the toy world, with a taste for length and slips of the pen."""

from __future__ import annotations

import math
from dataclasses import dataclass

TEMPERATURE = 0.5
"""Of the annotator, in units of gold reward."""
WORDS_PER_FILLER = 4


@dataclass(frozen=True)
class Annotator:
    """Who labels the pairs."""

    length_bias: float
    """Gold reward that four more words (one filler) are worth to it."""
    flip_rate: float
    """Probability that a label is turned round afterwards."""

    def prefers_first(self, texts: tuple[str, str], gold: tuple[float, float]) -> float:
        """P(the first is preferred) before flips."""
        u = self.utility(texts[0], gold[0]) - self.utility(texts[1], gold[1])
        # a sigmoid; scipy's `expit` differs in the last digit, and the data's content hashes with it
        return 0.5 + 0.5 * math.tanh(u / TEMPERATURE / 2)

    def utility(self, text: str, gold: float) -> float:
        """The worth of a text to it: gold reward, and its liking for words."""
        return gold + self.length_bias * len(text.split()) / WORDS_PER_FILLER

    def labels_first(self, texts: tuple[str, str], gold: tuple[float, float]) -> float:
        """P(the label says the first), flips included."""
        p = self.prefers_first(texts, gold)
        return p * (1.0 - self.flip_rate) + (1.0 - p) * self.flip_rate
