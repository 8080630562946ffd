"""Keywords by RAKE."""

from __future__ import annotations

from benchbench.data.keywords import keywords, without_words


def test_by_hand():
    """Phrases: compatibility; systems; linear constraints; linear equations. Scores 1, 1, and of two-word phrases 2."""
    text = "Compatibility of systems of linear constraints. Linear equations"
    assert keywords(text) == ["linear", "constraints", "equations", "compatibility", "systems"]


def test_a_text_of_stop_words_has_none():
    assert keywords("It is what it is.") == [] and keywords("") == []


def test_words_of_other_scripts_are_words():
    assert keywords("Über die Grenze") == ["über", "die", "grenze"]


def test_words_at_some_places_go_with_the_gaps_that_they_leave():
    assert without_words("a red, b blue c.", {1, 4}) == "a, b blue."
