"""How likely further turns are after a response: what is said after good ones, against what is said after bad ones.

The reward of follow-up likelihoods (arXiv:2409.13948): nobody judges the response; a language model, here the policy,
says how well utterances such as "thanks , that helps" go on from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from benchbench.core.method import Paper
from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require, require_above_zero
from benchbench.core.rollout import Group, Labels, RolloutResponse
from benchbench.oracles._scores import BATCH, batches, scored


@dataclass(frozen=True)
class Options:
    """The follow-ups, and how their likelihoods become a score.

    Raises:
        ValueError: no follow-up, an empty one, or tau not above 0.
    """

    good: list[str] = field(default_factory=list)
    """Texts that follow good responses; each follows the response's own last token."""
    bad: list[str] = field(default_factory=list)
    """Texts that follow bad ones."""
    tau: float = 1.0
    """Difference of scores that is one logit of a preference, > 0, in nats."""

    def __post_init__(self) -> None:
        require(bool(self.good or self.bad), "good, bad", "one follow-up or more", "none")
        require(all(text.strip() for text in (*self.good, *self.bad)), "good, bad", "texts", "an empty one")
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """Mean log-probability of the good follow-ups less that of the bad ones, in nats; none for a response that was cut.

    A mean of no follow-ups is 0, so that good or bad ones alone may be given.
    """
    assert context.encode is not None, "the stage gives every oracle that reads a model its tokens"
    texts = [(text, tuple(context.encode(text))) for text in (*options.good, *options.bad)]
    for places in batches(len(groups), BATCH, context):
        answered = [(place, k) for place in places for k in range(len(groups[place].responses))]
        after = [_followed(groups[place], groups[place].responses[k], texts) for place, k in answered]
        sums = [[math.fsum(tokens) for tokens in of_group] for of_group in context.models["policy"](after)]
        by_place: dict[int, list[float | None]] = {place: [] for place in places}
        for (place, k), of_texts in zip(answered, sums, strict=True):
            is_cut = groups[place].responses[k].is_cut
            by_place[place].append(None if is_cut else _score(of_texts, len(options.good)))
        for place, scores in by_place.items():
            yield place, scored(scores, tau=options.tau)


def _followed(group: Group, response: RolloutResponse, texts: Sequence[tuple[str, tuple[int, ...]]]) -> Group:
    """The follow-ups as responses to the prompt with a response behind it."""
    spoken = tuple(RolloutResponse(ids, None, "length", "follow-up", text) for text, ids in texts)
    return replace(group, prefix=(*group.prefix, *response.scored), responses=spoken)


def _score(sums: Sequence[float], good: int) -> float:
    """Mean of the first so many numbers less the mean of the rest, of none 0."""
    return sum(sums[:good]) / max(1, good) - sum(sums[good:]) / max(1, len(sums) - good)


ORACLE = Oracle(
    name="followup_likelihood",
    options=Options,
    gives="scores",
    label=label,
    models=frozenset({"policy"}),
    kind="model",
    paper=Paper(
        "Zhang et al.",
        2024,
        arxiv="2409.13948",
        title="Aligning Language Models Using Follow-up Likelihood as Reward Signal",
    ),
    open_question="The paper's follow-ups, how it sums and weighs them, and whose likelihood it takes were not read.",
)
