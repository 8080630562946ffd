"""Imitation of the General Language Assistant: the likelihood of the good response, nothing of the bad one.

Askell et al. 2021, arXiv:2112.00861, which compares it with preference models on ranked and on binary data; a policy so
trained ranks responses by its own log-probability. It is the loss of `sft`, run as a preference stage after it.
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
    """Hyper-parameters of imitation: none."""


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] mean log-probability, nats per response token."""
    return scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """One term: [B] negative log-likelihood of the first candidate, averaged over the step's chosen tokens."""
    return {"nll": Term(-scores.policy.sum()[:, 0], Over.CHOSEN_TOKENS)}


METHOD = Method(
    name="imitation",
    paper=Paper(
        "Askell et al.",
        2021,
        arxiv="2112.00861",
        title="A General Language Assistant as a Laboratory for Alignment",
        note="Written from the description of the comparison.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ONE,
    family=Family.LIKELIHOOD,
    equation="loss = -sum of lp_w over the step / number of chosen tokens in the step",
    differs={"`sft` here": "the same loss, as the stage before preference training"},
    open_question="Written from the description; how the paper averages tokens and ranks responses was not verified.",
)
