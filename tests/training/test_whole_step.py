"""Scores of pieces as those of a step, and back."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.training.whole_step import joined, leaves, of_piece, with_leaves
from tests.methods.toys import lengthened, random_logps, random_scores, taken


def test_pieces_of_other_lengths_are_padded_and_nothing_else_changes():
    scores = random_scores(methods.get("kto"))
    pieces = [taken(scores, slice(0, 2)), lengthened(taken(scores, slice(2, 5)), 3)]
    whole = joined(pieces)
    expected = lengthened(scores, 3)
    assert torch.equal(whole.policy.token, expected.policy.token)
    assert torch.equal(whole.policy.response, expected.policy.response)
    assert torch.equal(whole.reference.token, expected.reference.token)
    assert torch.equal(whole.mismatched, scores.mismatched)
    assert torch.equal(whole.column("label"), scores.column("label"))


def test_outputs_of_a_head_for_a_response_are_not_taken_for_tokens():
    of_response = [Scores(random_logps(0, length=length), _head=torch.ones(5, 2, 3)) for length in (4, 6)]
    of_tokens = [Scores(random_logps(0, length=length), _head=torch.ones(5, 2, length, 3)) for length in (4, 6)]
    assert joined(of_response).head.shape == (10, 2, 3)
    assert joined(of_tokens).head.shape == (10, 2, 6, 3) and joined(of_tokens).head[:5, :, 4:].sum() == 0


def test_a_step_has_one_number_of_candidates():
    with pytest.raises(ValueError, match=r"one number of candidates, got \[2, 3\]"):
        joined([Scores(random_logps(0)), Scores(random_logps(0, candidates=3))])


def test_leaves_are_those_that_depend_on_the_policy():
    token = torch.ones(2, 2, 4, requires_grad=True)
    logps = Logps(2 * token, torch.ones(2, 2, 4, dtype=torch.bool))
    scores = Scores(logps, logps, _distribution=3 * token)
    cut, points = with_leaves(scores)
    assert len(points) == len(leaves(scores)) == 2 and all(point.is_leaf for point in points)
    assert torch.equal(cut.policy.token, logps.token) and torch.equal(cut.distribution, scores.distribution)
    (2 * cut.policy.token.sum() + cut.distribution.sum()).backward()
    assert token.grad is None and points[0].grad is not None and (points[0].grad == 2).all()


def test_a_slope_is_cut_as_the_piece_is():
    slope = torch.arange(24.0).reshape(3, 2, 4)
    assert torch.equal(of_piece(slope, 1, 3, torch.zeros(2, 2, 3)), slope[1:3, :, :3])
    assert torch.equal(of_piece(slope[:, :, 0], 0, 1, torch.zeros(1, 2)), slope[:1, :, 0])
