"""Batched decoding with a key-value cache: left-padded prompts in, tokens out."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, LinearAttentionCacheLayerMixin

from benchbench.core.errors import BenchError
from benchbench.core.generation import Generation, GenerationRequest, Sampling
from benchbench.generation.token_sampler import draw, mix, penalise, probabilities, uniforms

_NONE = -1
ENDED_FRACTION = 0.25
"""Ended responses leave the batch when they are this share of it; each time copies the cache once."""
CHECK_LENGTHS = (8, 5, 2)
"""Tokens of the prompts that `check_cache` tries."""
CHECK_STEPS = 3
CHECK_TOLERANCE = {torch.float32: 1e-2}
COARSE_TOLERANCE = 0.2
"""In other precisions. Of the logits' norm around their mean: rounding is far below, another context far above."""


def decode(
    model: Any, requests: Sequence[GenerationRequest], sampling: Sampling, *, device: torch.device
) -> list[Generation]:
    """One batch of responses, in the requests' order.

    Padding stands left of a prompt, is masked in attention, and does not count in positions.
    """
    batch = _Batch(model, requests, sampling, device)
    for step in range(sampling.max_new_tokens):
        batch.take(batch.forward(step), step)
        if batch.all_ended():
            break
    return _responses(batch, requests)


def decode_mixture(
    models: Sequence[tuple[Any, float]],
    requests: Sequence[GenerationRequest],
    sampling: Sampling,
    *,
    device: torch.device,
) -> list[Generation]:
    """As `decode`, each next token from softmax of the weighted sum of several models' log-probabilities.

    Args:
        models: of one architecture and one tokenizer, each with its weight; weights sum to 1.
        requests: of the batch.
        sampling: its temperature and filters apply to the mixture.
        device: that all models are on.
    """
    batches = [_Batch(model, requests, sampling, device) for model, _ in models]
    weights = [weight for _, weight in models]
    for step in range(sampling.max_new_tokens):
        mixed = mix([batch.forward(step) for batch in batches], weights)
        for batch in batches:  # equal logits and equal draws: all take the same token
            batch.take(mixed, step)
        if batches[0].all_ended():
            break
    return _responses(batches[0], requests)


def _responses(batch: _Batch, requests: Sequence[GenerationRequest]) -> list[Generation]:
    responses = []
    for request, row, length, end in zip(
        requests, batch.out.tolist(), batch.lengths.tolist(), batch.ends.tolist(), strict=True
    ):
        finish, stop = ("length", None) if end == _NONE else ("stop", end)
        responses.append(Generation(request.example, request.sample, tuple(row[:length]), finish, stop))
    return responses


def check_cache(model: Any, *, device: torch.device, context: int | None = None) -> None:
    """Refuse a model whose cache `decode` cannot carry on: some ignore it and continue as from an empty prompt.

    A few prompts with padding and a few steps with a row that leaves, against the whole sequence read at once.

    Args:
        model: in eval mode.
        device: it is on.
        context: tokens it can read; a shorter one is tried with less.

    Raises:
        BenchError: naming the type of the model.
    """
    longest = min(CHECK_LENGTHS[0], (context or CHECK_LENGTHS[0] + CHECK_STEPS) - CHECK_STEPS)
    if longest < 1:
        return
    vocab = model.config.get_text_config().vocab_size
    lengths = [max(1, longest - CHECK_LENGTHS[0] + length) for length in CHECK_LENGTHS]
    ids = [[7919 * (row + 1) * (at + 1) % vocab for at in range(length)] for row, length in enumerate(lengths)]
    requests = [GenerationRequest(str(row), 0, tuple(prompt), 0) for row, prompt in enumerate(ids)]
    greedy = Sampling(CHECK_STEPS, 0.0, 1.0, 0, 0.0, 1.0, (-1,))
    try:
        moved = _moved(model, _Batch(model, requests, greedy, device), ids)
    except torch.OutOfMemoryError:
        raise
    except (AttributeError, IndexError, KeyError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        raise _refusal(model, f"{type(error).__name__}: {' '.join(str(error).split())[:120]}") from None
    if moved > CHECK_TOLERANCE.get(model.dtype, COARSE_TOLERANCE):
        raise _refusal(model, f"its logits move by {moved:.1%} when it goes on from its cache")


def _refusal(model: Any, why: str) -> BenchError:
    return BenchError(
        f"generation: expected a model whose cache the transformers engine can carry from token to token, found a "
        f"{model.config.model_type}, whose cache is of another kind ({why}); use engine: vllm where that serves it"
    )


def _moved(model: Any, batch: _Batch, ids: list[list[int]]) -> float:
    """Root of the mean squared distance between cached logits and those of the whole sequence, as a share."""
    distance = size = 0.0
    for number in range(CHECK_STEPS):
        logits = batch.forward(number)
        for row, cached, ended in zip(batch.rows.tolist(), logits, batch.ended.tolist(), strict=True):
            if ended:
                continue
            sequence = torch.tensor([ids[row] + batch.out[row, :number].tolist()], device=logits.device)
            whole = model(input_ids=sequence, use_cache=False).logits[0, -1].float()
            distance += float((cached - whole).square().sum())
            size += float((whole - whole.mean()).square().sum())
        batch.take(logits, number)
        batch.ended[1] |= number == 0
    return (distance / size) ** 0.5 if size else 0.0


class _Batch:
    """Rows that still grow, and the responses so far; `rows` says whose response a row is."""

    def __init__(
        self, model: Any, requests: Sequence[GenerationRequest], sampling: Sampling, device: torch.device
    ) -> None:
        self.model, self.sampling = model, sampling
        self.inputs, self.mask = _left_padded([request.prompt for request in requests], device)  # [B, T]
        self.positions = (self.mask.cumsum(dim=-1) - 1).clamp(min=0)  # [B, T]
        self.cache = DynamicCache(config=model.config)
        self.extra = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
        count = len(requests)
        self.rows = torch.arange(count, device=device)
        self.ended = torch.zeros(count, dtype=torch.bool, device=device)
        self.stop = torch.tensor(sampling.stop_token_ids, device=device)
        self.out = torch.zeros(count, sampling.max_new_tokens, dtype=torch.long, device=device)
        self.lengths = torch.zeros(count, dtype=torch.long, device=device)
        self.ends = torch.full((count,), _NONE, dtype=torch.long, device=device)
        self.uniforms = None
        if sampling.temperature > 0:
            self.uniforms = uniforms([request.seed for request in requests], sampling.max_new_tokens).to(device)
        self.seen: Tensor | None = None

    def forward(self, number: int) -> Tensor:
        """[B, V] logits of the token with this number, for every row that is still there."""
        if number:
            self._drop_ended()
        out = self.model(
            input_ids=self.inputs,
            attention_mask=self.mask,
            position_ids=self.positions,
            past_key_values=self.cache,
            use_cache=True,
            **self.extra,
        )
        return out.logits[:, -1].float()

    def take(self, logits: Tensor, number: int) -> None:
        """One more token for every row."""
        token = self._choose(logits, number)  # [B]
        stops = torch.isin(token, self.stop)
        grows, ends = ~self.ended & ~stops, ~self.ended & stops  # [B]; a selection would wait for the card each time
        self.out[self.rows, number] = token.where(grows, 0)
        self.lengths[self.rows] += grows
        self.ends[self.rows] = token.where(ends, self.ends[self.rows])
        self.ended |= stops
        self.inputs = token.unsqueeze(-1)
        self.positions = self.positions[:, -1:] + 1
        self.mask = torch.nn.functional.pad(self.mask, (0, 1), value=1)

    def all_ended(self) -> bool:
        """Whether no row grows any more."""
        return bool(self.ended.all())

    def _choose(self, logits: Tensor, number: int) -> Tensor:
        if self.sampling.repetition_penalty != 1:
            self._note_seen(logits)
            assert self.seen is not None
            logits = penalise(logits, self.seen[self.rows], self.sampling.repetition_penalty)
        if self.uniforms is None:
            return logits.argmax(dim=-1)
        return draw(probabilities(logits, self.sampling), self.uniforms[self.rows, number])

    def _note_seen(self, logits: Tensor) -> None:
        """What stands in prompt and response so far: the tokens that were fed in, padding left out."""
        if self.seen is None:
            self.seen = torch.zeros(len(self.rows), logits.shape[-1], dtype=torch.bool, device=logits.device)
        real = self.mask[:, -self.inputs.shape[1] :].bool()
        owners = self.rows.unsqueeze(-1).expand_as(self.inputs)
        self.seen[owners[real], self.inputs[real]] = True

    def _drop_ended(self) -> None:
        if int(self.ended.sum()) < ENDED_FRACTION * len(self.ended) or not _divisible(self.cache):
            return
        keep = (~self.ended).nonzero().squeeze(-1)
        self.cache.batch_select_indices(keep)
        self.rows, self.ended = self.rows[keep], self.ended[keep]
        self.inputs, self.mask, self.positions = self.inputs[keep], self.mask[keep], self.positions[keep]


def _divisible(cache: DynamicCache) -> bool:
    """Whether rows can be removed from the cache; the states of linear attention and convolutions do not allow it."""
    return all(
        isinstance(layer, DynamicLayer) and not isinstance(layer, LinearAttentionCacheLayerMixin)
        for layer in cache.layers
    )


def _left_padded(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """[B, T] token ids and mask; padding repeats id 0, which nothing reads."""
    width = max(len(prompt) for prompt in prompts)
    ids = torch.zeros(len(prompts), width, dtype=torch.long)
    mask = torch.zeros(len(prompts), width, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids.to(device), mask.to(device)
