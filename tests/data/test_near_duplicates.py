"""Near duplicates: indices worked by hand, and the candidates of MinHash against all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.example import Message
from benchbench.data.near_duplicates import (
    SIMILARITY,
    conversation_text,
    index_of,
    nearest_earlier,
    shingles,
    similarity,
)


def words(*places: int) -> str:
    return " ".join(f"w{place}" for place in places)


def plain_shingles(text: str) -> set[tuple[str, ...]]:
    """Runs of five words, as sets of tuples."""
    parts = text.lower().split()
    return {tuple(parts[at : at + 5]) for at in range(len(parts) - 4)}


def test_the_index_is_shared_shingles_over_all():
    """Ten words have six runs of five; with another last word five are shared: 5 / (6 + 6 - 5)."""
    first, second = shingles(words(*range(10))), shingles(words(*range(9), 99))
    assert len(first) == len(second) == 6
    assert similarity(first, second) == pytest.approx(5 / 7)
    assert similarity(first, first) == 1.0


def test_capitals_punctuation_and_space_do_not_count_and_short_texts_are_one_shingle():
    assert (shingles("Say  it, again!") == shingles("say it again")).all()
    assert len(shingles("say it again")) == 1
    assert similarity(shingles("say it again"), shingles("say it once")) == 0.0
    assert (shingles("  ?!") != shingles("...")).all(), "a text without words is taken as it stands"


def test_chinese_is_read_by_characters():
    """Seven characters have three runs of five; one more at the end makes a fourth: 3 / 4."""
    assert similarity(shingles("请写一首短诗吧"), shingles("请写一首短诗吧啊")) == pytest.approx(3 / 4)


def test_a_text_knows_the_most_similar_one_before_it():
    """60 words have 56 runs; another last word leaves 55 of 57 alike, another last three 53 of 59."""
    texts = [
        words(*range(60)),
        words(*range(100, 160)),
        words(*range(57), 97, 98, 99),
        words(*range(59), 99),
        words(*range(60)).upper(),
    ]
    neighbours = nearest_earlier([shingles(text) for text in texts])
    assert neighbours[:2] == [None, None]
    assert neighbours[2] is not None and neighbours[2] == (0, pytest.approx(53 / 59))
    assert neighbours[3] is not None and neighbours[3] == (0, pytest.approx(55 / 57))
    assert neighbours[4] == (0, 1.0)


def test_nothing_near_is_missed_and_nothing_else_is_reported():
    """Against all pairs of 300 texts, by sets of tuples; edits of a few words around the limit."""
    rng = np.random.default_rng(5)
    texts: list[str] = []
    for base in range(60):
        start = [1000 * base + place for place in range(80)]
        for _ in range(5):
            edited = list(start)
            for at in rng.choice(80, size=rng.integers(0, 4), replace=False):
                edited[at] = int(rng.integers(10**6, 10**7))
            texts.append(words(*edited))
    sets = [plain_shingles(text) for text in texts]
    expected = []
    for place, mine in enumerate(sets):
        indices = [len(mine & other) / len(mine | other) for other in sets[:place]]
        expected.append(max(indices, default=0.0))
    neighbours = nearest_earlier([shingles(text) for text in texts])
    assert 50 < sum(index >= SIMILARITY for index in expected) < 239, "cases on both sides of the limit"
    for neighbour, index in zip(neighbours, expected, strict=True):
        assert (neighbour is not None) == (index >= SIMILARITY)
        assert neighbour is None or neighbour.similarity == pytest.approx(index)


def test_an_index_of_one_split_is_asked_for_texts_of_another():
    index = index_of([shingles(words(*range(60)))])
    assert index.nearest(shingles(words(*range(59), 7))) is not None
    assert index.nearest(shingles(words(*range(200, 260)))) is None
    assert index_of([]).nearest(shingles("a")) is None


def test_what_the_system_says_is_no_part_of_a_prompt_s_text():
    turns = (Message("system", "Be brief."), Message("user", "Why?"), Message("assistant", "So."), Message("user", "?"))
    assert conversation_text(turns) == "Why?\nSo.\n?"
