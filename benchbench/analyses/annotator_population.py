"""What one reward model learns from two annotators who differ: a population in closed form, nothing is trained.

Dumoulin et al. 2023, arXiv:2311.14115 ("annotator misspecification"). Annotator i prefers a to b with probability
p_i(a) / (p_i(a) + p_i(b)), Luce's rule on an implicit preference distribution p_i; the population with S(a, b), the
mean of both by their share w_i of labels. A reward model that takes it for one annotator fits r(a) - r(b) to
logit S(a, b), where the mixture m = sum_i w_i p_i has log m(a) / m(b): the difference is the bias of a pair. Over all
outcomes it is the Bradley-Terry model nearest to S in cross-entropy, every pair weighing alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from benchbench.comparison.stats.annotators import log_mixture, nearest_rewards, pair_bias, population_preference
from benchbench.core.analysis import Analysed, Analysis, ChartLine, Inputs, LineChart, ResultTable, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_above_zero, require_at_least, require_within

OUTCOMES = RowsInput(
    "outcomes",
    "An outcome with what both annotators think of it, in place of the built-in population.",
    (
        RowField("outcome", "label", "Name of the outcome."),
        RowField("first", "number", "Weight that the first annotator gives it, above 0; normalised over outcomes."),
        RowField("second", "number", "Weight that the second annotator gives it, above 0."),
    ),
    optional=True,
)


@dataclass(frozen=True)
class Options:
    """The population; but for `share` of the built-in one, normal distributions around two points of a line."""

    share: float = 0.4
    """Share of labels from the first annotator, in (0, 1); 0.4 is the authors' toy population's."""
    outcomes: int = 9
    """Number of outcomes, places at distance 1 around 0; 2 or more."""
    centre: float = 2.5
    """The first annotator likes this below 0 best, the second this above 0; as in the authors' toy population."""
    width: float = 1.5
    """Standard deviation of both, > 0; ours."""

    def __post_init__(self) -> None:
        require_within(self, "share", "(0, 1)")
        require_at_least(self, 2, "outcomes")
        require_above_zero(self, "width")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """The distribution that a reward model learns beside the population's, with the bias of outcomes and pairs.

    Raises:
        BenchError: fewer than two outcomes, a weight not above 0, or annotators who are certain to rounding.
    """
    names, log_p = _outcomes(inputs, options)
    weights = np.array([options.share, 1 - options.share])
    mixture, bias = log_mixture(log_p, weights), pair_bias(log_p, weights)
    if not np.isfinite(bias).all():
        raise BenchError("both annotators are certain of a pair: no finite rewards are nearest; make them less so")
    learnt = log_softmax(nearest_rewards(population_preference(log_p, weights)))
    i, j = divmod(int(np.argmax(bias)), len(names))
    gap = mixture[:, None] - mixture
    summary = {
        "total variation": float(np.abs(np.exp(learnt) - np.exp(mixture)).sum() / 2),
        "largest bias": float(bias[i, j]),
        "for": f"{names[i]} over {names[j]}",
        "pairs": len(names) * (len(names) - 1) // 2,
        "reversed": int(np.triu((bias + gap) * gap < -1e-12).sum()),
    }
    columns = {"first": log_p[0], "second": log_p[1], "population": mixture, "learnt": learnt}
    rows = [
        {"outcome": name, **{label: float(np.exp(values[k])) for label, values in columns.items()}}
        | {"bias": float(learnt[k] - mixture[k])}
        for k, name in enumerate(names)
    ]
    lines = [ChartLine(label, range(1, len(names) + 1), np.exp(values).tolist()) for label, values in columns.items()]
    notes = ["bias: log of learnt over population, in nats; of a pair it is the closed form"]
    notes += ["reversed: pairs of which the labels prefer the one that the population's mixture finds less likely"]
    tables = [ResultTable("summary", "Two annotators", [summary]), ResultTable("outcomes", "Outcomes", rows)]
    return Analysed(tables, notes, [LineChart("outcomes", "One reward model", "row of table", "probability", lines)])


def _outcomes(inputs: Inputs, options: Options) -> tuple[Sequence[str], Array]:
    if "outcomes" not in inputs:
        places = np.arange(options.outcomes) - (options.outcomes - 1) / 2
        centres = np.array([-options.centre, options.centre])
        log_p = -0.5 * ((places - centres[:, None]) / options.width) ** 2
        return [f"{place:g}" for place in places], log_softmax(log_p, axis=1)
    if options != Options(share=options.share):
        raise BenchError("outcomes, centre, width: of the built-in population; leave them out beside a file")
    rows = inputs["outcomes"]
    values = np.array([[row["first"], row["second"]] for row in rows], dtype=np.float64).T
    names = [str(row["outcome"]) for row in rows]
    if len(set(names)) < max(len(names), 2) or (values <= 0).any():
        raise BenchError("outcomes: expected two or more distinct outcomes with weights above 0; leave out all others")
    return names, np.log(values / values.sum(axis=1, keepdims=True))


ANALYSIS = Analysis(
    name="annotator_population",
    title="One reward model for annotators who differ",
    paper=Paper(
        "Dumoulin et al.",
        2023,
        arxiv="2311.14115",
        title="A density estimation perspective on learning from pairwise human preferences",
        note="Checked against google-deepmind/pbde at 1d3861c, PBDE.ipynb; that a pair's bias is a difference is ours.",
    ),
    analyse=analyse,
    inputs=(OUTCOMES,),
    options=Options,
)
