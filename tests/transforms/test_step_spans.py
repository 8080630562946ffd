"""step_spans."""

from __future__ import annotations

import pytest

from benchbench import transforms
from benchbench.transforms.step_spans import steps

from .toys import pair, transformed


def test_by_hand():
    """The separator belongs to the step before it, and an empty line to the one before."""
    (become,), _ = transformed("step_spans", [pair("x", "ab\n\ncd", "e")])
    assert become.spans == {"step": (((0, 4, 1), (4, 6, 2)), ((0, 1, 1),))}


@pytest.mark.parametrize("text", ["a\nb\n", "\na\nb", "a", "\n\n\n", "a\n \nb"])
def test_steps_are_the_whole_text_in_order(text):
    spans = steps(text, "\n")
    assert "".join(text[start:end] for start, end, _ in spans) == text
    assert [span.value for span in spans] == list(range(1, len(spans) + 1))


def test_a_separator_that_divides_nothing_is_refused():
    with pytest.raises(ValueError, match="separator: expected"):
        transforms.get("step_spans").options(separator="")
