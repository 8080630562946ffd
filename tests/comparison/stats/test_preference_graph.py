"""Embeddings from a graph of preferences: by hand, by finite differences, and on what it has seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from benchbench.comparison.stats.preference_graph import (
    Comparisons,
    embedded,
    loss_and_slopes,
    neighbours,
    new_user,
    normalised_edges,
    propagated,
)
from benchbench.core.seeding import stream

SEEN = Comparisons(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]), np.array([2, 3, 0, 1]))


def test_an_edge_weighs_less_where_its_ends_have_many():
    """User 0 has two edges, response 1 has two: 1/sqrt(2 * 1), 1/sqrt(2 * 2), 1/sqrt(1 * 2)."""
    edges = normalised_edges(np.array([0, 0, 1]), np.array([0, 1, 1]), (2, 2))
    np.testing.assert_allclose(edges, [[2**-0.5, 0.5], [0.0, 2**-0.5]])


def test_a_layer_by_hand():
    """One user at 2, one response at 3, an edge of -1: users bring -2, responses -3; W_item 0.5, W_self 1.

    User: -3 + 0.5 (-3 * 2) + 2 = -4, leaky -0.8; response: -2 + 0.5 (-2 * 3) + 3 = -2, leaky -0.4.
    """
    start = (np.array([[2.0]]), np.array([[3.0]]))
    _, (users, responses) = propagated(start, [(np.array([[0.5]]), np.array([[1.0]]))], np.array([[-1.0]]))
    assert (users.item(), responses.item()) == pytest.approx((-0.8, -0.4))


def test_slopes_are_those_of_finite_differences():
    rng = stream(0, "graph")
    shapes = [(3, 2), (4, 2), *[(2, 2)] * 4]
    values = [rng.normal(size=shape) for shape in shapes]
    graph = rng.normal(size=(3, 4))

    def parts(flat):
        cut = np.split(flat, np.cumsum([a * b for a, b in shapes])[:-1])
        cut = [part.reshape(shape) for part, shape in zip(cut, shapes, strict=True)]
        return (cut[0], cut[1]), [(cut[2], cut[3]), (cut[4], cut[5])]

    flat = np.concatenate([value.ravel() for value in values])
    slopes = np.concatenate([slope.ravel() for slope in loss_and_slopes(*parts(flat), graph, SEEN)[1]])
    numeric = np.asarray(approx_fprime(flat, lambda x: loss_and_slopes(*parts(x), graph, SEEN)[0], 1e-7))
    np.testing.assert_allclose(slopes, numeric, rtol=1e-5, atol=1e-5)


def test_neighbours_share_a_preferred_response():
    assert neighbours(np.array([1]), SEEN).tolist() == [0, 1]
    assert neighbours(np.array([3]), SEEN).tolist() == []


def test_a_new_user_is_where_the_neighbours_are_who_agree():
    """Two neighbours at right angles; the pair is ordered as the first does, by a margin of 2 against -2.

    log sigmoid(2) - log sigmoid(-2) = 2, so the odds are exp(2 / 0.07).
    """
    users, responses = np.array([[2.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    vector, mean = new_user(users, responses, np.array([0]), np.array([1]))
    assert vector == pytest.approx([1.0, np.exp(-2 / 0.07)]) and mean == pytest.approx([0.5, 0.5])


def test_training_orders_what_it_has_seen():
    users, responses = embedded(SEEN, (3, 4), dimensions=4, layers=2, steps=60, rate=0.05, rng=stream(0, "graph"))
    margins = (users[SEEN.user] * (responses[SEEN.chosen] - responses[SEEN.rejected])).sum(axis=1)
    assert margins.min() > 0
