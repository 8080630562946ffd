"""Held-out scoring: the loop of stages beside a plain forward pass of transformers with full logits."""

from __future__ import annotations

import torch

from benchmarks.machine import clock
from benchmarks.mixes import PAD, Mix, make_examples, make_model, real_tokens
from benchmarks.ours import load, score_all
from benchmarks.worker import Round

PLAIN_BATCH = 8
"""Examples of a padded batch, sorted by length."""


class OurScoring:
    """Every response's summed log-probability, by the loop of stages."""

    def __init__(self, mix: Mix, *, bf16: bool) -> None:
        self._examples, self._bf16 = make_examples(mix), bf16
        self._model, self._layout = load(mix)

    def __call__(self) -> Round:
        """All examples once."""
        with clock() as main:
            logps = score_all(self._model, self._layout, self._examples, bf16=self._bf16)
        return Round(main, values=tuple(sum(row) for e in self._examples for row in logps[e.id]))


class PlainScoring:
    """The same by a padded forward pass over batches sorted by length."""

    def __init__(self, mix: Mix, *, bf16: bool) -> None:
        self._examples, self._bf16 = make_examples(mix), bf16
        self._model = make_model(mix).eval()

    def __call__(self) -> Round:
        """All examples once."""
        scores: dict[tuple[str, int], float] = {}
        ordered = sorted(self._examples, key=real_tokens, reverse=True)
        with clock() as main, torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bf16):
            for start in range(0, len(ordered), PLAIN_BATCH):
                scores |= self._batch(ordered[start : start + PLAIN_BATCH])
        count = len(self._examples[0].candidates)
        return Round(main, values=tuple(scores[e.id, k] for e in self._examples for k in range(count)))

    def _batch(self, examples: list) -> dict[tuple[str, int], float]:
        rows = [(e.id, k, row) for e in examples for k, row in enumerate(e.candidates)]
        longest = max(len(row.tokens) for _, _, row in rows)
        ids = torch.full((len(rows), longest), PAD)
        marks, response = torch.zeros_like(ids), torch.zeros(ids.shape, dtype=torch.bool)
        for i, (_, _, row) in enumerate(rows):
            ids[i, : len(row.tokens)] = torch.tensor(row.tokens)
            marks[i, : len(row.tokens)] = 1
            response[i, slice(*row.response)] = True
        logits = self._model(input_ids=ids, attention_mask=marks, use_cache=False).logits[:, :-1].float()
        logps = logits.log_softmax(-1).gather(-1, ids[:, 1:, None]).squeeze(-1)
        sums = (logps * response[:, 1:]).sum(-1).tolist()
        return {(name, k): value for (name, k, _), value in zip(rows, sums, strict=True)}
