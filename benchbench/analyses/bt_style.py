"""Models ranked by votes with and without what style wins: Bradley-Terry strengths beside style covariates.

Miroyan et al. 2025, arXiv:2506.05334 (Search Arena), rank models by votes and add differences of style, such as the
number of citations, to the model: P(a preferred to b) = sigmoid(s_a - s_b + sum_k w_k z_k). z_k is the difference of a
count over its sum, (f_a - f_b) / (f_a + f_b), divided by its root mean square; a tie is 0.5. Without
counts in the file, those of words, citations, and headings, bold parts and list items as Arena-Hard has them are read
off the texts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.analyses._style_counts import style_differences
from benchbench.analyses._surface import prompt_names
from benchbench.comparison.stats.logistic_model import LogisticModel, logistic_model
from benchbench.comparison.stats.significance import holm
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper

VOTES = RowsInput(
    "votes",
    "Two models' responses and which one was preferred.",
    (
        RowField("a", "label", "Model of the first response."),
        RowField("b", "label", "Model of the second response."),
        RowField("p_a", "number", "1 where a is preferred, 0 where b is, 0.5 for a tie, or a share, in [0, 1]."),
        RowField("properties_a", "mapping", "Counts of style of response a; of all rows or of none.", optional=True),
        RowField("properties_b", "mapping", "Counts of style of response b, the same names.", optional=True),
        RowField("response_a", "text", "Text of response a, where counts are not given.", optional=True),
        RowField("response_b", "text", "Text of response b.", optional=True),
        RowField("prompt", "anything", "What both answer; rows of one prompt are one cluster.", optional=True),
    ),
    rest=True,
)


@dataclass(frozen=True)
class Options:
    """With whom the models are compared."""

    baseline: str = ""
    """Model whose strength is 0; by default the one with the most votes."""


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Each model's log-odds against the baseline with and without style, and the weight of each count.

    Raises:
        BenchError: a vote outside [0, 1] or of a model against itself, models that no chain of votes connects, rows
            with neither counts nor texts, counts below 0 or of other names, a baseline without a vote.
    """
    rows = inputs["votes"]
    share = np.array([row["p_a"] for row in rows], dtype=np.float64)
    sides = [(str(row["a"]), str(row["b"])) for row in rows]
    if (share < 0).any() or (share > 1).any() or any(a == b for a, b in sides):
        raise BenchError("votes: expected two different models and p_a in [0, 1] in every row; ties are 0.5")
    votes = Counter(name for pair in sides for name in pair)
    baseline = options.baseline or min(votes, key=lambda name: (-votes[name], name))
    if baseline not in votes:
        raise BenchError(f"baseline: expected a model with votes ({', '.join(sorted(votes))}), got '{baseline}'")
    others = sorted(set(votes) - {baseline})
    place = {name: column for column, name in enumerate(others)}
    models = np.zeros((len(rows), len(others)))
    for line, (a, b) in zip(models, sides, strict=True):
        for name, sign in ((a, 1.0), (b, -1.0)):
            if name != baseline:
                line[place[name]] = sign
    if np.linalg.matrix_rank(models) < len(others):
        raise BenchError("votes: expected models that a chain of votes connects with the baseline, found some apart")
    names, styles, notes = style_differences(rows)
    if np.linalg.matrix_rank(both := np.hstack([models, styles])) < both.shape[1]:
        raise BenchError("votes: a count of style follows from the models or from other counts, or votes are too few")
    cluster = np.unique(prompt_names(rows), return_inverse=True)[1]
    plain, styled = logistic_model(models, share, cluster), logistic_model(both, share, cluster)
    notes += [f"{what}: {model.note}" for what, model in (("votes alone", plain), ("with style", styled)) if model.note]
    notes += [f"strength: log-odds of being preferred to {baseline}; with style: to {baseline} at equal counts"]
    tables = [_strengths([baseline, *others], votes, plain, styled)]
    p = styled.p_values[len(others) :]
    weights = zip(names, styled.coefficients[len(others) :], styled.se[len(others) :], p, holm(p), strict=True)
    lines = [{"count": n, "per sd": w, "se": se, "p": each, "p Holm": holms} for n, w, se, each, holms in weights]
    return Analysed([*tables, ResultTable("style", "What style wins", lines)], notes)


def _strengths(
    names: Sequence[str], votes: Mapping[str, int], plain: LogisticModel, styled: LogisticModel
) -> ResultTable:
    """The baseline first in what is fitted, and all by their strength with style in the table."""
    fits = {}
    for what, model in (("strength", plain), ("with style", styled)):
        values, errors = ([0.0, *column[: len(names) - 1]] for column in (model.coefficients, model.se))
        values[0], errors[0] = (0.0, 0.0) if np.isfinite(model.coefficients).all() else (math.nan, math.nan)
        fits[what] = values, errors, [1 + sum(other > value for other in values) for value in values]
    lines = []
    for k, name in enumerate(names):
        line: dict[str, object] = {"model": name, "votes": votes[name]}
        for what, (values, errors, ranks) in fits.items():
            rank = float(ranks[k]) if math.isfinite(values[k]) else math.nan
            line |= {what: values[k], f"se {what}": errors[k], f"rank {what}": rank}
        lines.append(line)
    return ResultTable("models", "Models", sorted(lines, key=lambda line: -line["with style"]))


ANALYSIS = Analysis(
    name="bt_style",
    title="Models ranked by votes, with and without what style wins",
    paper=Paper("Miroyan et al.", 2025, arxiv="2506.05334", title="Search Arena: Analyzing Search-Augmented LLMs"),
    analyse=analyse,
    inputs=(VOTES,),
    options=Options,
    open_question="The paper's list of counts, and how it scales them, were not read.",
)
