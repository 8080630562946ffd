"""diff_spans."""

from __future__ import annotations

from benchbench.transforms.diff_spans import changed_words

from .toys import pair, transformed


def test_by_hand():
    """The cat sat here. / The dog sat there now.: cat..here is 4 to 16, dog..now 4 to 21, and 2 and 3 words differ."""
    chosen, rejected = "The cat sat here.", "The dog sat there now."
    (become,), _ = transformed("diff_spans", [pair("x", chosen, rejected)])
    start, end = become.columns["span_start"], become.columns["span_end"]
    assert (start, end) == ((4, 4), (16, 21)) and become.columns["span_words"] == (2, 3)
    assert chosen[4:16] == "cat sat here" and rejected[4:21] == "dog sat there now"


def test_changed_words_have_weight_zero_and_all_other_text_none_of_its_own():
    (become,), _ = transformed("diff_spans", [pair("x", "The cat sat here.", "The dog sat there now.")])
    assert become.spans == {"unchanged": (((4, 7, 0), (12, 16, 0)), ((4, 7, 0), (12, 17, 0), (18, 21, 0)))}


def test_an_insertion_leaves_no_span_on_the_other_side():
    (become,), _ = transformed("diff_spans", [pair("x", "It is so.", "It is not so.")])
    assert become.columns == {"span_start": (0, 6), "span_end": (0, 9), "span_words": (0, 1)}


def test_white_space_is_no_difference_and_two_texts_are_no_edit():
    examples = [pair("x", "a  b", "a b"), pair("y", "a b c d", "a x y z")]
    _, counts = transformed("diff_spans", examples, max_changed_fraction=0.5)
    assert counts.dropped == {"same words in both responses": 1, "more words differ than max_changed_fraction": 1}


def test_every_word_without_a_partner_is_there():
    assert changed_words("a b c", "a c d") == ([(2, 3)], [(4, 5)])
