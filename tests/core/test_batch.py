"""What a batch refuses."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.batch import CandidateBatch


def batch(**changes) -> CandidateBatch:
    """Two examples with three candidates of four tokens, of which the last two are the response."""
    response = torch.zeros(2, 3, 4, dtype=torch.bool)
    response[..., 2:] = True
    values = {
        "ids": ("a", "b"),
        "tokens": torch.arange(24).reshape(2, 3, 4),
        "attention": torch.ones(2, 3, 4, dtype=torch.bool),
        "response": response,
    }
    return CandidateBatch(**{**values, **changes})


def without_response(example: int, candidate: int) -> torch.Tensor:
    response = batch().response.clone()
    response[example, candidate] = False
    return response


def test_lengths_count_response_tokens():
    response = batch().response.clone()
    response[1, 2, 2] = False
    assert batch(response=response).lengths().tolist() == [[2, 2, 2], [2, 2, 1]]


@pytest.mark.parametrize("name", ["attention", "response"])
def test_masks_of_another_shape_are_refused(name):
    with pytest.raises(ValueError, match=r"share one shape \[B, K, T\], got .*\(2, 3, 5\)"):
        batch(**{name: torch.ones(2, 3, 5, dtype=torch.bool)})


def test_rows_without_a_candidate_dimension_are_refused():
    flat = torch.ones(2, 4, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"\[B, K, T\], got \(2, 4\)"):
        batch(tokens=flat.long(), attention=flat, response=flat)


def test_every_example_has_an_id():
    with pytest.raises(ValueError, match="^1 ids for 2 examples$"):
        batch(ids=("a",))


def test_a_column_has_one_value_per_example_or_per_candidate():
    columns = {"p_chosen": torch.ones(2), "gold": torch.ones(2, 3)}
    assert batch(columns=columns).columns == columns
    with pytest.raises(ValueError, match=r"column 'gold' has shape \(2, 2\), expected \[B\] or \[B, K\]"):
        batch(columns={"p_chosen": torch.ones(2), "gold": torch.ones(2, 2)})


def test_weights_have_the_shape_of_the_tokens():
    weights = {"weight": torch.ones(2, 3, 4)}
    assert batch(weights=weights).to(torch.device("cpu")).weights == weights
    with pytest.raises(ValueError, match=r"weights 'weight' have shape \(2, 3\), expected \[B, K, T\]"):
        batch(weights={"weight": torch.ones(2, 3)})


def test_places_of_candidates_are_their_own_unless_they_were_taken_by_role():
    assert batch().place(1, 2) == 2 and batch(places=((2, 1, 0), (0, 1, 2))).place(0, 0) == 2


def test_a_candidate_without_response_token_is_refused_by_example():
    with pytest.raises(ValueError, match=r"no response token in examples \['b'\]"):
        batch(response=without_response(1, 2))


def test_a_scored_token_that_nothing_precedes_is_refused():
    response = batch().response.clone()
    response[0, 1] = True
    with pytest.raises(ValueError, match="the first token of a row is marked as response"):
        batch(response=response)


def test_an_empty_response_is_kept_where_a_recipe_asks_for_it():
    assert batch(response=without_response(1, 2), allow_empty=True).lengths()[1, 2] == 0
