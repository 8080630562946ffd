"""DRM: reward heads from a principal component analysis of the differences of states, combined by few labelled pairs.

Luo et al. 2025, arXiv:2502.13131. On a reward model that is trained as `bradley_terry`, the differences of the pooled
states, chosen minus rejected, of the training pairs are centred and decomposed; each of the first k unit components and
its negative is a head, v . e. The first n pairs, in the order of the data, adapt: every head's scores are standardised
over them (both responses pooled, sample standard deviation, 1 where that is 0), its loss is the sum over pairs of
-log sigmoid of its standardised difference, and its weight the softmax of minus the losses over a temperature. The
reward is the weighted sum of the standardised heads. Checked against amandaluof/DRMs at e2f5f8f, generate_head.py and
inf_TTA_v2.py. Centring removes the mean difference, which is the plain direction: compare with `bradley_terry`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Paper
from benchbench.core.ranges import require, require_above_zero, require_at_least
from benchbench.core.reward_objective import HIDDEN, FreeTensor, HeadSpec, RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the heads."""

    components: int = 50
    """Number k of principal components, at most the hidden size; there are 2 k heads."""
    adaptation_pairs: int = 5
    """Number n of pairs that weigh the heads."""
    temperature: float = 1.0
    """What the losses are divided by before the softmax, > 0."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "components", "adaptation_pairs")
        require_above_zero(self, "temperature")


def head(hyper: Hyper) -> HeadSpec:
    """The scalar head that is trained, and the direction and offset that are fitted afterwards."""
    tables = {"direction": FreeTensor((HIDDEN,), fitted=True), "offset": FreeTensor((1,), fitted=True)}
    return HeadSpec(tables=tables, states=True, least_hidden=hyper.components)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] weighted sum of the standardised heads, which is one direction of the state."""
    return scores.states.to(scores.table("direction").dtype) @ scores.table("direction") + scores.table("offset")


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the difference of the trained head's rewards."""
    chosen, rejected = pair(scores.reward)
    return -F.logsigmoid(chosen - rejected)


def components(states: Tensor, count: int) -> Tensor:
    """[2 count, H] unit principal components of the centred differences of states [N, 2, H], and their negatives."""
    from torch.linalg import eigh

    chosen, rejected = states[:, 0], states[:, 1]
    difference = chosen - rejected
    centred = difference - difference.mean(dim=0)
    leading = eigh(centred.T.double() @ centred.double()).eigenvectors.flip(-1).T[:count]  # the largest first
    return leading.repeat(2, 1) * leading.new_tensor([1.0] * count + [-1.0] * count)[:, None]


def fit(scores: RewardScores, hyper: Hyper) -> Mapping[str, Tensor]:
    """Direction [H] and offset [1] of the weighted sum of the standardised heads.

    Raises:
        ValueError: more components than the hidden size.
    """
    states = scores.states.double()  # [N, 2, H]
    require(hyper.components <= states.shape[-1], "components", f"{states.shape[-1]} at most", hyper.components)
    vectors = components(states, hyper.components)
    by_head = states[: hyper.adaptation_pairs] @ vectors.T  # [n, 2, 2k]
    pooled = by_head.flatten(0, 1)
    mean, std = pooled.mean(dim=0), pooled.std(dim=0, unbiased=True)
    std = std.where(std > 0, 1.0)
    losses = -F.logsigmoid((by_head[:, 0] - by_head[:, 1]) / std).sum(dim=0)
    weights = F.softmax(-losses / hyper.temperature, dim=0) / std
    return {"direction": weights @ vectors, "offset": -(weights * mean).sum()[None]}


OBJECTIVE = RewardObjective(
    name="drm",
    paper=Paper(
        "Luo et al.",
        2025,
        arxiv="2502.13131",
        title="Rethinking Diverse Human Preference Learning through Principal Component Analysis",
        note="Checked against amandaluof/DRMs at e2f5f8f, generate_head.py and inf_TTA_v2.py.",
    ),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    fit=fit,
    is_shift_free=False,
    family="pairwise",
    equation="r = sum_i w_i (v_i . e - m_i) / s_i,  w = softmax(-L_i / T)",
    differs={"amandaluof/DRMs at e2f5f8f": "pairs to adapt on are drawn there, for each of 20 seeds"},
)
