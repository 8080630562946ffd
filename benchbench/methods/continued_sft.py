"""Continued SFT: the likelihood of the demonstrated response, trained on in the place of preference training.

The control of SpeechAlign, Zhang et al. 2024, arXiv:2404.05600, and of golden-against-self training in general: the
same golden responses and the same number of updates as the preference method beside it, without the policy's own
responses as rejected ones. The loss is that of `sft`; it is a method of its own because a recipe of `sft` is the policy
that preference training starts from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Family, Method, Over, Paper, Term
from benchbench.core.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of continued SFT: none."""


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] mean log-probability, nats per response token."""
    return scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """One term: [B] negative log-likelihood of the first candidate, averaged over the step's chosen tokens."""
    return {"nll": Term(-scores.policy.sum()[:, 0], Over.CHOSEN_TOKENS)}


METHOD = Method(
    name="continued_sft",
    paper=Paper(
        "Zhang et al.",
        2024,
        arxiv="2404.05600",
        title="SpeechAlign: Aligning Speech Generation to Human Preferences",
        note="Its control; the loss is sft's, whose values are checked.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ONE,
    family=Family.LIKELIHOOD,
    equation=("-log pi(y|x) / N\ny the first candidate, N the response tokens of all of the step's"),
    differs={"`sft` here": "the same loss, before preference training and not in its place"},
)
