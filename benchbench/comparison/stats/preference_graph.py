"""Embeddings of users and responses from a graph of who prefers what, and of users who come later.

CoPL, Choi et al. 2025, arXiv:2503.01658, as in ml-postech/CoPL at 1e5b4b1 (CoPL_gcf.py, unseen_user_adaptation.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, log_expit, softmax

from benchbench.core.measurement import Array

if TYPE_CHECKING:
    from numpy.random import Generator

SLOPE = 0.2
"""Of the leaky rectifier below 0."""
RIDGE = 1e-6
"""Weight of the squared norms of the vectors of all comparisons."""
TEMPERATURE = 0.07
"""What the scores of a new user's neighbours are divided by."""
BETAS, TINY = (0.9, 0.999), 1e-8
"""Of Adam."""


@dataclass(frozen=True)
class Comparisons:
    """[n] who preferred which response to which, as whole numbers from 0."""

    user: Array
    chosen: Array
    rejected: Array


def normalised_edges(users: Array, responses: Array, shape: tuple[int, int]) -> Array:
    """[users, responses] 1 over the square root of both ends' numbers of edges, where there is an edge; else 0."""
    edges = np.zeros(shape)
    edges[users, responses] = 1.0
    degree = np.sqrt(np.outer(edges.sum(axis=1), edges.sum(axis=0)))
    return np.divide(edges, degree, out=np.zeros(shape), where=edges > 0)


def propagated(start: tuple[Array, Array], layers: Sequence[tuple[Array, Array]], graph: Array) -> list[list[Array]]:
    """[layers + 1] vectors of users [u, d] and responses [r, d], before and after each layer.

    A layer is E' = leaky(z + W_item (z * E) + W_self E), z = z+ - z- what the graph's positive edges bring less what
    the negative ones do: the code shares one matrix of items among both signs, and both matrices among both sides.
    """
    states = [list(start)]
    for item, loop in layers:
        users, responses = states[-1]
        brought = (graph @ responses, graph.T @ users)
        raw = [z + (z * e) @ item + e @ loop for z, e in zip(brought, (users, responses), strict=True)]
        states.append([np.where(x > 0, x, SLOPE * x) for x in raw])
    return states


def loss_and_slopes(
    start: tuple[Array, Array], layers: Sequence[tuple[Array, Array]], graph: Array, seen: Comparisons
) -> tuple[float, list[Array]]:
    """Mean of -log sigmoid(u . p - u . n) and the ridge, and its slopes by both starts and by the layers' matrices."""
    states = propagated(start, layers, graph)
    users, responses = states[-1]
    u, p, n = users[seen.user], responses[seen.chosen], responses[seen.rejected]
    margin = (u * (p - n)).sum(axis=1)
    loss = -log_expit(margin).mean() + RIDGE * sum((part**2).sum() for part in (u, p, n))
    pull = -expit(-margin)[:, None] / len(margin)
    by_users, by_responses = np.zeros_like(users), np.zeros_like(responses)
    np.add.at(by_users, seen.user, pull * (p - n) + 2 * RIDGE * u)
    np.add.at(by_responses, seen.chosen, pull * u + 2 * RIDGE * p)
    np.add.at(by_responses, seen.rejected, -pull * u + 2 * RIDGE * n)
    slopes: list[Array] = []
    for (item, loop), before, after in zip(reversed(layers), reversed(states[:-1]), reversed(states[1:]), strict=True):
        brought = (graph @ before[1], graph.T @ before[0])
        raw = [g * np.where(e > 0, 1.0, SLOPE) for g, e in zip((by_users, by_responses), after, strict=True)]
        by_item = sum((z * e).T @ g for z, e, g in zip(brought, before, raw, strict=True))
        by_own = sum(e.T @ g for e, g in zip(before, raw, strict=True))
        by_brought = [g + (g @ item.T) * e for g, e in zip(raw, before, strict=True)]
        by_vectors = [(g @ item.T) * z + g @ loop.T for g, z in zip(raw, brought, strict=True)]
        by_users = by_vectors[0] + graph @ by_brought[1]
        by_responses = by_vectors[1] + graph.T @ by_brought[0]
        slopes = [np.asarray(by_item), np.asarray(by_own), *slopes]
    return float(loss), [by_users, by_responses, *slopes]


def embedded(
    seen: Comparisons, shape: tuple[int, int], *, dimensions: int, layers: int, steps: int, rate: float, rng: Generator
) -> tuple[Array, Array]:
    """[users, d] and [responses, d] of the last layer, after so many steps of Adam on all comparisons at once.

    Args:
        seen: comparisons of the users that are there.
        shape: numbers of users and of responses.
        dimensions: length d of a vector.
        layers: of the graph network.
        steps: of Adam.
        rate: learning rate.
        rng: a numpy generator, which draws what is trained, with a standard deviation of 1 / sqrt(d).
    """
    positive = normalised_edges(seen.user, seen.chosen, shape)
    graph = positive - normalised_edges(seen.user, seen.rejected, shape)
    sizes = [*shape, *[dimensions] * (2 * layers)]
    values = [rng.normal(scale=dimensions**-0.5, size=(size, dimensions)) for size in sizes]
    first, second = [np.zeros_like(value) for value in values], [np.zeros_like(value) for value in values]

    def parts() -> tuple[tuple[Array, Array], list[tuple[Array, Array]]]:
        return (values[0], values[1]), list(zip(values[2::2], values[3::2], strict=True))

    for step in range(1, steps + 1):
        _, slopes = loss_and_slopes(*parts(), graph, seen)
        for k, slope in enumerate(slopes):
            first[k] = BETAS[0] * first[k] + (1 - BETAS[0]) * slope
            second[k] = BETAS[1] * second[k] + (1 - BETAS[1]) * slope**2
            mean, square = first[k] / (1 - BETAS[0] ** step), second[k] / (1 - BETAS[1] ** step)
            values[k] = values[k] - rate * mean / (np.sqrt(square) + TINY)
    users, responses = propagated(*parts(), graph)[-1]
    return users, responses


def neighbours(likes: Array, seen: Comparisons) -> Array:
    """Seen users who have preferred a response that the new user prefers, in their order.

    Args:
        likes: responses that the new user prefers.
        seen: comparisons of the seen users.
    """
    return np.unique(seen.user[np.isin(seen.chosen, likes)])


def new_user(users: Array, responses: Array, chosen: Array, rejected: Array) -> tuple[Array, Array]:
    """[d] vector of a new user, and the plain mean it is compared with, from its neighbours' vectors [c, d].

    A neighbour's score is the mean of log sigmoid(s(chosen) - s(rejected)) over the new user's pairs, s the dot product
    with that neighbour's vector; the vector is the softmax-weighted sum of the neighbours' vectors of length 1.
    """
    margins = users @ (responses[chosen] - responses[rejected]).T  # [c, pairs]
    weights = softmax(log_expit(margins).mean(axis=1) / TEMPERATURE)
    unit = users / np.linalg.norm(users, axis=1, keepdims=True)
    return weights @ unit, unit.mean(axis=0)
