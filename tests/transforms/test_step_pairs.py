"""step_pairs."""

from __future__ import annotations

from benchbench.transforms.step_pairs import differing_step

from .toys import pair, texts, transformed


def test_by_hand():
    """The first step is shared, 6 characters with its end; the second differs; the third is cut off."""
    example = pair("x", "1+1=2\n2+2=4\nso 4", "1+1=2\n2+2=55\nso 55")
    (become,), _ = transformed("step_pairs", [example])
    assert become.candidates == ("1+1=2\n2+2=4\n", "1+1=2\n2+2=55\n")
    assert become.columns == {"span_start": (6, 6), "span_end": (12, 13)}
    whole, _ = transformed("step_pairs", [example], cut=False)
    assert texts(whole) == [example.candidates] and whole[0].columns == become.columns


def test_pairs_without_a_differing_step_are_counted():
    examples = [pair("x", "a\nb", "a\nb"), pair("y", "a\nb", "a"), pair("z", "a\n\nb", "a\nc")]
    _, counts = transformed("step_pairs", examples)
    assert counts.dropped == {
        "responses identical": 1,
        "one response is the beginning of the other": 1,
        "differing step without text": 1,
    }


def test_the_end_of_a_text_ends_its_last_step():
    assert differing_step("a b", "a c", " ") == (2, 3, 3)
    assert differing_step("x y", "z", " ") == (0, 2, 1)
