"""A classifier of texts as a judge and as an oracle, against direct computation."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.judges.classifier.judge import JUDGE, text_scorer
from benchbench.judges.classifier.options import ClassifierOptions

from .classifiers import classifier_folder, sentiment_folder
from .contests import contest, context, verdicts

PROMPT = (Message("user", "the film"),)
OPTIONS = ClassifierOptions("./sentiment", "POSITIVE", 256)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("classifier")
    sentiment_folder(made / "sentiment")
    return made


def logits(folder: Path, text: str) -> list[float]:
    """[negative, positive] of one text through transformers alone."""
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(folder / "sentiment").eval()
    ids: Any = AutoTokenizer.from_pretrained(folder / "sentiment")(text)["input_ids"]
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].tolist()


def test_the_score_of_a_text_is_the_log_odds_of_its_label(folder: Path):
    """Of two labels the difference of their logits; of the whole text, or of the response alone."""
    pair = contest("was good.", "was bad.", prompt=PROMPT)
    for of, before in (("whole", "the film "), ("response", "")):
        (verdict,) = verdicts(JUDGE, replace(OPTIONS, of=of), [pair], context(folder))
        expected = []
        for text in (pair.first, pair.second):
            negative, positive = logits(folder, before + text)
            expected.append(positive - negative)
        assert verdict.scores == pytest.approx(expected, abs=1e-6) and expected[0] != expected[1]
        assert verdict.first_wins == float(expected[0] > expected[1])
    (odds,) = expected[:1]
    chance = text_scorer(replace(OPTIONS, of="response", score="probability"), context(folder))(PROMPT, pair.first)
    assert chance == pytest.approx(1 / (1 + math.exp(-odds)), abs=1e-7)
    other = text_scorer(replace(OPTIONS, of="response", label="NEGATIVE"), context(folder))(PROMPT, pair.first)
    assert other == pytest.approx(-odds, abs=1e-6)


def test_a_long_text_stops_or_keeps_its_end(folder: Path):
    long = "a" + " b" * 300  # 301 tokens, [CLS] and [SEP]
    with pytest.raises(BenchError, match=r"303 tokens, more than max_length 256, in 'a b b.*; raise it, or set"):
        text_scorer(replace(OPTIONS, of="response"), context(folder))(PROMPT, long)
    score = text_scorer(replace(OPTIONS, of="response", truncation="left"), context(folder))
    assert score(PROMPT, long) == score(PROMPT, "b" + " b" * 253)


def test_what_cannot_be_a_classifier_of_this_label_is_refused(folder: Path):
    for options, said in (
        (replace(OPTIONS, label="good"), "one of them 'good', found NEGATIVE, POSITIVE"),
        (replace(OPTIONS, max_length=257), "max_length: expected at most 256, which the model reads, got 257"),
        (replace(OPTIONS, revision="a" * 40), "revision: expected none for a local folder"),
        (ClassifierOptions("someone/model", "POSITIVE", 256), "no local folder.*expected a commit"),
    ):
        with pytest.raises(BenchError, match=said):
            text_scorer(options, context(folder))
    classifier_folder(folder / "one", labels=1)
    with pytest.raises(BenchError, match="expected a classifier of two labels or more"):
        text_scorer(replace(OPTIONS, model_name_or_path="./one"), context(folder))


def test_a_model_of_the_hub_is_named_by_its_commit_and_fetched_as_its_repository(folder: Path):
    options = ClassifierOptions("someone/model", "POSITIVE", 256, revision="a" * 40)
    assert JUDGE.identity(options, folder) == {"weights": f"someone/model@{'a' * 40}"}
    assert str(JUDGE.repository(options, folder)) == f"model someone/model at revision {'a' * 40}"
    assert JUDGE.repository(OPTIONS, folder) is None
    with pytest.raises(BenchError, match="not on this machine"):
        text_scorer(options, context(folder))
