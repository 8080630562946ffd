"""Users whom nobody knows yet, understood by their neighbours: a graph of who prefers what, without any text.

Choi et al. 2025, arXiv:2503.01658 (CoPL), first stage: embeddings of users and responses from a graph network on
positive (preferred) and negative (rejected) edges, and for a new user a weighted sum of the embeddings of those who
have preferred a response that the new user prefers, by how well they order its few pairs. Compared with the plain mean
of the same neighbours, and for users in the graph with their own embeddings. The second stage, a reward model whose
adapters are chosen by a user's embedding, is not part of it, which is why this is a twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.analyses._user_pairs import user_pairs
from benchbench.comparison.stats.preference_graph import embedded, neighbours, new_user
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_above_zero, require_at_least
from benchbench.core.seeding import stream

COMPARISONS = RowsInput(
    "comparisons",
    "Which of two responses a user prefers.",
    (
        RowField("user", "label", "Who was asked, and prefers it."),
        RowField("chosen", "label", "The response that is preferred, by any name of its own."),
        RowField("rejected", "label", "The other one of both."),
        RowField("split", "label", "`train`: in the graph; `new`: the few pairs of a user who is not; `test`."),
    ),
)


@dataclass(frozen=True)
class Options:
    """The graph network and its training."""

    dimensions: int = 32
    """Length of an embedding; 512 in the authors' code, for as many users and responses as they have."""
    layers: int = 4
    """Layers of the network; 4 in the authors' script."""
    steps: int = 100
    """Steps of Adam on all comparisons at once; their code has 100 epochs of batches."""
    learning_rate: float = 0.01
    """Of Adam, > 0; ours."""
    seed: int = 42
    """Seed of what is trained; 42 in the authors' script."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "dimensions", "layers", "steps")
        require_above_zero(self, "learning_rate")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Accuracy on test pairs of users in the graph and of new ones, in mean over users; ties count one half.

    Raises:
        BenchError: rows that `user_pairs` refuses, or no test pair that can be looked at.
    """
    graph = user_pairs(inputs["comparisons"])
    shape, rng = (len(graph.users), graph.responses), stream(options.seed, "copl embeddings")
    sizes = {"dimensions": options.dimensions, "layers": options.layers, "steps": options.steps}
    users, responses = embedded(graph.seen, shape, **sizes, rate=options.learning_rate, rng=rng)
    lines, alone = [], 0
    for user, pairs in graph.pairs["test"].items():
        if user in graph.users:
            of_user = _accuracy(users[graph.users[user]], responses, pairs)
            lines.append({"kind": "in the graph", "copl": of_user, "mean": np.nan, "neighbours": np.nan})
            continue
        few = graph.pairs["new"].get(user, pairs[:0])
        near = neighbours(few[:, 0], graph.seen)
        alone += not len(near)
        if len(near):
            vectors = new_user(users[near], responses, few[:, 0], few[:, 1])
            scores = [_accuracy(vector, responses, pairs) for vector in vectors]
            lines.append({"kind": "new", "copl": scores[0], "mean": scores[1], "neighbours": len(near)})
    if not lines:
        raise BenchError("comparisons: expected a test pair of a user in train or new with responses of train")
    notes = [f"{graph.unknown} pairs with a response that no training pair has are left out"]
    notes += [f"{alone} users had no neighbour", "mean: the plain mean of the same neighbours"]
    return Analysed([ResultTable("accuracy", "Accuracy on test pairs", _summary(lines))], notes)


def _accuracy(vector: Array, responses: Array, pairs: Array) -> float:
    signs = np.sign((responses[pairs[:, 0]] - responses[pairs[:, 1]]) @ vector)
    return float((0.5 + signs / 2).mean())


def _summary(lines: Sequence[Row]) -> list[Row]:
    table = []
    for kind in dict.fromkeys(line["kind"] for line in lines):
        of_kind = [line for line in lines if line["kind"] == kind]
        means = {name: float(np.mean([line[name] for line in of_kind])) for name in ("copl", "mean", "neighbours")}
        table.append({"users": kind, "number": len(of_kind), **means})
    return table


ANALYSIS = Analysis(
    name="copl_twin",
    title="New users by their neighbours in a graph of preferences",
    paper=Paper(
        "Choi et al.",
        2025,
        arxiv="2503.01658",
        title="CoPL: Collaborative Preference Learning for Personalizing LLMs",
        note="Network, loss and weights of neighbours as in ml-postech/CoPL at 1e5b4b1; batches and rate are ours.",
    ),
    analyse=analyse,
    inputs=(COMPARISONS,),
    options=Options,
    open_question="Learning rate, batches and the size of the initial embeddings were not recorded.",
)
