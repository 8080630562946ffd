"""sentiment."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from benchbench.oracles.sentiment import ORACLE, Options

from .toys import group, labelled

pytest.importorskip("vaderSentiment")


def test_the_compound_score_of_each_response_is_its_label():
    """`happy` has valence 2.7: 2.7 / sqrt(2.7 ** 2 + 15); `sad` -2.1; a text without such words 0."""
    (labels,) = labelled("sentiment", [group("happy", "sad", "a table", "a chair")])
    assert labels.scores == pytest.approx((0.5719, -0.4767, 0.0, 0.0))
    assert (labels.win(0, 1), labels.win(1, 2), labels.win(2, 3)) == (1.0, 0.0, 0.5)
    assert labels.answers == 4


def test_the_lexicon_is_part_of_who_labels():
    assert ORACLE.identity(Options(), Path()) == {"vaderSentiment": version("vaderSentiment")}
