"""The sentiment of texts, by numbers that the lexicon and the rules of VADER give by hand."""

from __future__ import annotations

import math
from importlib.metadata import PackageNotFoundError

import pytest

from benchbench.core.errors import BenchError
from benchbench.data import sentiment


def compound(valence: float) -> float:
    return valence / math.sqrt(valence**2 + 15)


@pytest.mark.parametrize(
    ("text", "valence"),
    [
        ("good", 1.9),  # the lexicon's valence
        ("bad", -2.5),
        ("not good", 1.9 * -0.74),  # negation
        ("very good", 1.9 + 0.293),  # degree
        ("good!", 1.9 + 0.292),  # emphasis
        ("the cat sat", 0.0),
        ("", 0.0),
    ],
)
def test_short_texts_have_the_score_that_the_rules_give(text: str, valence: float):
    """S / sqrt(s * s + 15), which the library rounds to four decimals."""
    assert sentiment.compound_sentiment(text) == pytest.approx(compound(valence), abs=5e-5)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("VADER is smart, handsome, and funny.", 0.8316),
        ("VADER is smart, handsome, and funny!", 0.8439),
        ("VADER is not smart, handsome, nor funny.", -0.7424),
        ("Today SUX!", -0.5461),
    ],
)
def test_the_library_s_own_examples_have_their_published_scores(text: str, score: float):
    assert sentiment.compound_sentiment(text) == score


def test_without_the_library_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(sentiment, "version", missing)
    message = r"judge sentiment: expected the package vaderSentiment, found none; .* 'benchbench\[sentiment\]'"
    with pytest.raises(BenchError, match=message):
        sentiment.sentiment_version("judge sentiment")
    with pytest.raises(BenchError, match="sentiment of a text: expected the package"):
        sentiment.compound_sentiment("good")
