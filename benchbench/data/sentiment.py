"""How positive a text is, by the lexicon and rules of VADER (Hutto and Gilbert, 2014): a reward that needs no human.

The library is an extra of the package; nothing else needs it.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from benchbench.core.errors import BenchError

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

PACKAGE = "vaderSentiment"


def sentiment_version(where: str) -> str:
    """The version of the library whose lexicon scores texts.

    Args:
        where: who needs it, for the message, such as `judge sentiment`.

    Raises:
        BenchError: the library is not installed; the message names the extra that installs it.
    """
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        raise BenchError(
            f"{where}: expected the package {PACKAGE}, found none; install it with pip install 'benchbench[sentiment]'"
        ) from None


def compound_sentiment(text: str) -> float:
    """The compound score of a text, in [-1, 1]; 0 where no word of it is in the lexicon, as in an empty text.

    The library adds up the words' valences after its rules of negation, degree and emphasis, and divides the sum s by
    sqrt(s * s + 15).

    Raises:
        BenchError: the library is not installed.
    """
    sentiment_version("sentiment of a text")
    return float(_analyser().polarity_scores(text)["compound"])


@cache
def _analyser() -> SentimentIntensityAnalyzer:
    """The library's scorer, which reads its lexicon once."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
