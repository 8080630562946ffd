"""search."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench.core.rollout import Labels

from .toys import group, labelled


def test_labels_are_those_that_came_with_the_group_and_nothing_is_asked_again():
    found = Labels(scores=(1.0, 0.0), answers=17, columns={"on_path": (1.0, 0.0), "visits": (3.0, 1.0)})
    plain = group("a", "b")
    assert labelled("search", [replace(plain, search_labels=found)]) == [found]
    with pytest.raises(RuntimeError, match="no search found the group of example x"):
        labelled("search", [plain])
