"""classifier."""

from __future__ import annotations

import pytest

from benchbench.core.example import Message
from benchbench.judges.classifier.judge import text_scorer
from benchbench.oracles.classifier import ORACLE

from .cases import CASES
from .toys import context, group, labelled


def test_the_score_of_the_judge_is_the_label_and_the_surer_text_wins():
    (labels,) = labelled("classifier", [group("good", "bad", "bad")], **CASES["classifier"].options)
    options = ORACLE.options(**CASES["classifier"].options)
    score = text_scorer(options, context().judge)
    good, bad = (score((Message("user", "?"),), text) for text in ("good", "bad"))
    assert labels.scores == pytest.approx((good, bad, bad)) and good != bad
    assert (labels.win(0, 1), labels.win(1, 2)) == (float(good > bad), 0.5) and labels.answers == 3
    assert ORACLE.judge_of is not None and ORACLE.judge_of(options)[0].name == "classifier"
