"""Models of a training asked about drawn responses: log-probabilities, a critic's values, whole distributions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchbench.batches.microbatches import Cost
from benchbench.batches.padded import collate
from benchbench.core.rollout import Group, Pick
from benchbench.models.logps import policy_layout, response_states, token_logps
from benchbench.stages.context import StageContext
from benchbench.stages.preference.labelling import RowScorer, row_of
from benchbench.stages.preference.settings import PreferenceSettings

Context = StageContext[PreferenceSettings]


@dataclass(frozen=True)
class DistributionScorer:
    """Log-probabilities of the whole vocabulary where each token of drawn responses was drawn."""

    model: Any
    share: bool
    """Whether what the responses to a prompt share is encoded once."""
    pad: int
    device: torch.device
    bf16: bool
    """Autocast, as in training."""

    def __call__(self, groups: Sequence[Group]) -> Iterator[list[np.ndarray]]:
        """Of each group, one after the other, [response] -> [T_k, V] nats; those of one alone are in memory."""
        put = partial(collate, pad=self.pad, device=self.device, allow_empty=True, share=self.share)
        for group in groups:
            batch = put([row_of(group, Pick(tuple(range(len(group.responses))), {}), group.example)])
            with torch.no_grad(), torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
                states = _without_dropout(self.model, lambda batch=batch: response_states(self.model, batch))
                logits = [states.logits(part) for part in states.values.split(states.chunk())]
            logps = np.concatenate([part.float().log_softmax(dim=-1).cpu().numpy() for part in logits])
            yield np.split(logps, np.cumsum(batch.token_counts.response[0])[:-1])


def policy_scorer(context: Context, model_of: Callable[[], Any], tokenizer: Any) -> RowScorer:
    """Log-probabilities of rows under a policy.

    Args:
        context: of the stage.
        model_of: gives the policy when it is asked.
        tokenizer: the stage's own.
    """
    return _row_scorer(context, model_of, tokenizer, partial(_logps, model_of))


def critic_scorer(context: Context, model: Any, head: Any, tokenizer: Any) -> RowScorer:
    """The first output of a head for each token of rows, on the states of its model; further arguments as above."""
    return _row_scorer(context, lambda: model, tokenizer, partial(_values, model, head))


def distribution_scorer(context: Context, model: Any, tokenizer: Any) -> DistributionScorer:
    """Whole distributions of a model; arguments as above."""
    training = context.settings.training
    return DistributionScorer(
        model, training.disable_dropout, tokenizer.pad_token_id, context.device, bf16=training.bf16
    )


def _row_scorer(
    context: Context, model_of: Callable[[], Any], tokenizer: Any, score: Callable[[Any], Tensor]
) -> RowScorer:
    cost = Cost(packed=policy_layout(model_of()).packed, share=context.settings.training.disable_dropout)
    bf16 = context.settings.training.bf16
    return RowScorer(score, cost, tokenizer.pad_token_id, context.device, bf16=bf16, per_token=True)


def _values(model: Any, head: Any, batch: Any) -> Tensor:
    """[B, K, T] what a head says of each token, on the states of a model without dropout."""
    return _without_dropout(model, lambda: head(response_states(model, batch))[..., 0])


def _logps(model_of: Callable[[], Any], batch: Any) -> Tensor:
    """[B, K, T] log-probabilities under a model without dropout."""
    model = model_of()
    return _without_dropout(model, lambda: token_logps(model, batch).token)


def _without_dropout(model: Any, compute: Callable[[], Any]) -> Any:
    was_training = model.training
    model.eval()
    result = compute()
    model.train(was_training)
    return result
