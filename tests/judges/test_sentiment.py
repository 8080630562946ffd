"""The judge for which the more positive text wins."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.data import sentiment
from benchbench.judges.sentiment import JUDGE, SentimentOptions

from .contests import contest, verdicts

PROMPT = (Message("user", "The dog was not"),)


def test_the_more_positive_response_wins_and_equal_ones_tie():
    texts = [("a good dog", "a bad dog"), ("a bad dog", "a good dog"), ("a dog", "the cat")]
    judged = verdicts(JUDGE, SentimentOptions(), [contest(*pair, prompt=PROMPT) for pair in texts])
    assert [verdict.first_wins for verdict in judged] == [1.0, 0.0, 0.5]
    assert judged[0].scores == (0.4404, -0.5423)
    assert json.loads(judged[0].raw) == {"first": 0.4404, "second": -0.5423}


def test_a_whole_text_begins_with_its_prompt_which_may_turn_it_round():
    pair = contest("good.", "bad.", prompt=PROMPT)
    assert verdicts(JUDGE, SentimentOptions(of="response"), [pair])[0].first_wins == 1.0
    assert verdicts(JUDGE, SentimentOptions(of="whole"), [pair])[0].first_wins == 0.0


def test_a_response_that_was_cut_is_scored_as_far_as_it_goes():
    pair = contest("a good", "a bad dog", prompt=PROMPT)
    assert verdicts(JUDGE, SentimentOptions(), [pair]) == verdicts(
        JUDGE, SentimentOptions(), [replace(pair, first_ended=False)]
    )


def test_the_version_of_the_library_is_part_of_the_identity_and_its_absence_is_refused(
    monkeypatch: pytest.MonkeyPatch,
):
    assert JUDGE.identity(SentimentOptions(), Path()) == {"vaderSentiment": version("vaderSentiment")}

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(sentiment, "version", missing)
    with pytest.raises(BenchError, match=r"judge sentiment: .* pip install 'benchbench\[sentiment\]'"):
        JUDGE.identity(SentimentOptions(), Path())
