"""What is drawn does not depend on what was drawn before."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from .mutations import VALUES


@settings(database=None, derandomize=True, max_examples=40)
@given(values=st.lists(VALUES, min_size=12, max_size=12))
def test_no_value_is_one_that_was_changed_before(values: list[Any]):
    """A tree may be changed inside a value that was put into it."""
    for value in values:
        if isinstance(value, dict):
            assert "changed" not in value
            value["changed"] = True
