"""Monte Carlo tree search over steps, with PUCT selection and the back-up of Q.

Formulas as the authors' code of Xie et al., 2024 (arXiv:2405.00451) has them, with s the prefix after a step a:

- prior p(a) = exp(sum of its log-probabilities / (number of its tokens) ** length_penalty);
- PUCT: the child of the largest Q(a) + c * p(a) * sqrt(N(parent)) / (1 + N(s));
- reward of a step r(a) = value(s) - value(parent), value(root) = 0;
- back-up, from the last node to the root: V(s) = sum over children of max(1, N) Q / sum of max(1, N), and
  Q(a) = r(a) + gamma * V(s), V of a node without children being 0.

Two things are simpler here: a node counts one visit for each iteration that passes it, where their code counts one for
each expansion below it, and a new child's Q is its reward alone, to which their code adds the parent's V of the moment.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from benchbench.core.search import (
    Children,
    Continuation,
    Expansion,
    Leaf,
    Prefix,
    Searching,
    SearchResult,
    Siblings,
    name_of,
)


@dataclass(frozen=True)
class TreeSearch:
    """How a tree is searched.

    Raises:
        ValueError: a number out of its range.
    """

    iterations: int = 64
    """Paths that are walked from the root, >= 1."""
    depth: int = 3
    """Steps at most, >= 1."""
    exploration: float = 1.0
    """c of PUCT, >= 0."""
    length_penalty: float = 1.25
    """Power of the number of tokens that a step's log-probability is divided by."""
    gamma: float = 1.0
    """Discount of what follows a step, in [0, 1]."""

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.depth < 1:
            raise ValueError(f"expected iterations and depth of at least 1, got {self.iterations} and {self.depth}")
        if not 0 <= self.exploration < math.inf or not 0 <= self.gamma <= 1 or not math.isfinite(self.length_penalty):
            raise ValueError(f"expected exploration >= 0, gamma in [0, 1] and a finite length_penalty, got {self}")


@dataclass(eq=False)
class Node:
    """One prefix of the tree."""

    step: Continuation | None
    """The step that leads here; none at the root."""
    prior: float
    value: float
    reward: float
    q: float
    """Of the step that leads here."""
    v: float = 0.0
    visits: int = 0
    children: list[Node] = field(default_factory=list)
    is_expanded: bool = False


def prior_of(step: Continuation, length_penalty: float) -> float:
    """Exp of the step's log-probability over a power of its number of tokens; a step without tokens counts as one."""
    return math.exp(step.logp / max(1, len(step.response.scored)) ** length_penalty)


def puct(parent: Node, child: Node, exploration: float) -> float:
    """What selection maximises: Q + c * prior * sqrt(visits of the parent) / (1 + visits of the child)."""
    return child.q + exploration * child.prior * math.sqrt(parent.visits) / (1 + child.visits)


def back_up(path: list[Node], gamma: float) -> None:
    """Count a visit of every node of a path from the root, and renew V and Q from its end to its beginning."""
    for node in reversed(path):
        if node.children:
            weights = [max(1, child.visits) for child in node.children]
            total = math.fsum(w * child.q for w, child in zip(weights, node.children, strict=True))
            node.v = total / sum(weights)
        node.visits += 1
        node.q = node.reward + gamma * node.v


def mcts(search: TreeSearch) -> Searching:
    """Search, and return the most visited path with all siblings of its steps.

    An iteration walks from the root to a final step or the depth, choosing by PUCT and expanding each node that it is
    the first to reach. The path is that of the most visits, then Q, then the order of proposal; its siblings' values
    are their Q.

    Raises:
        ValueError: nothing was proposed at the root.
    """
    root, counts = Node(None, 1.0, 0.0, 0.0, 0.0), [0, 0]
    for _ in range(search.iterations):
        path: list[Node] = [root]
        places: list[int] = []
        while len(places) < search.depth and not _is_final(path[-1]):
            yield from _expand(path, places, search, counts)
            children = path[-1].children
            if not children:
                break
            places.append(max(range(len(children)), key=lambda k: puct(path[-1], children[k], search.exploration)))
            path.append(children[places[-1]])
        if len(path) == 1:
            raise ValueError("mcts: expected continuations, none was proposed at the root")
        back_up(path, search.gamma)
    return _most_visited(root, counts)


def _is_final(node: Node) -> bool:
    return node.step is not None and node.step.is_final


def _steps(path: list[Node]) -> Prefix:
    return tuple(node.step for node in path if node.step is not None)


def _expand(
    path: list[Node], places: list[int], search: TreeSearch, counts: list[int]
) -> Generator[Expansion, Children, None]:
    """Give the last node of the path its children, once; `counts` are the continuations proposed and valued."""
    node, prefix = path[-1], _steps(path)
    if node.is_expanded:
        return
    node.is_expanded = True
    (children,) = yield Expansion((prefix,), (name_of(places),))
    counts[0] += len(children)
    counts[1] += len(children)
    for step, value in children:
        reward = value - node.value
        node.children.append(Node(step, prior_of(step, search.length_penalty), value, reward, reward))


def _most_visited(root: Node, counts: list[int]) -> SearchResult:
    path, siblings = [root], []
    while any(child.visits for child in path[-1].children):
        children = path[-1].children
        chosen = max(range(len(children)), key=lambda k: (children[k].visits, children[k].q))
        siblings.append(
            Siblings(
                _steps(path),
                tuple(child.step for child in children if child.step is not None),
                chosen,
                tuple(child.q for child in children),
                tuple(child.visits for child in children),
            )
        )
        path.append(children[chosen])
    return SearchResult(_steps(path), tuple(siblings), tuple(_leaves([root])), *counts)


def _leaves(path: list[Node]) -> Iterator[Leaf]:
    """The visited nodes below a path of which no child was visited, in the order of proposal."""
    below = [child for child in path[-1].children if child.visits]
    if not below:
        yield Leaf(_steps(path), path[-1].value)
    for child in below:
        yield from _leaves([*path, child])
