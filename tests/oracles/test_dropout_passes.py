"""dropout_passes."""

from __future__ import annotations

import pytest

from .toys import Model, context, group, labelled


def test_the_score_is_the_mean_of_the_passes_which_stand_beside_it():
    model = Model({"a": [1.0, 3.0], "b": [0.0, -1.0]})
    (labels,) = labelled("dropout_passes", [group("a", "b")], context(models={"reward_model": model}))
    assert labels.scores == (2.0, -0.5) and labels.answers == 2
    assert labels.columns == {"pass_1": (1.0, 0.0), "pass_2": (3.0, -1.0)}


def test_one_pass_and_no_dropout_are_refused():
    with pytest.raises(ValueError, match="passes: expected 2 or more, got 1"):
        labelled("dropout_passes", [group("a")], context(), passes=1)
    with pytest.raises(ValueError, match="dropout: expected a probability in"):
        labelled("dropout_passes", [group("a")], context(), dropout=0.0)
