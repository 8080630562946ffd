"""Saving a model, and the proof that the folder holds what was in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.model_files import GENERATION_CONFIG
from benchbench.models.logps import unwrap

PROBE_TOKENS = 32
"""Of the sequence that is scored where there are no rows to score."""
TOLERANCE = 1e-4
"""Nats per token, or reward, between a model in memory and what is read back, in float32: sums in another order."""
LOW_TOLERANCE = 0.125
"""The same with bfloat16 weights: one step of a logit between 16 and 32. Measured differences were 0 in both."""
_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
_GRAVE = ("that did not come back", "that were not there before", "weights with other values")
"""Changes that make another model of it however small they are; a buffer is computed, and may be rounded otherwise."""
Score = Callable[[Any], Tensor]


def save_whole(model: Any, folder: Path) -> None:
    """Write a transformers model, its configuration and what it says about generation.

    transformers saves no generation settings that contradict themselves, such as a temperature without sampling, and
    loads them all the same; no stage draws by them, so they are written as they came.
    """
    with _any_generation_settings(model, folder):
        model.save_pretrained(folder, safe_serialization=True)


@contextmanager
def _any_generation_settings(model: Any, folder: Path) -> Iterator[None]:
    from transformers import GenerationConfig

    plain = unwrap(model)
    settings = getattr(plain, "generation_config", None)
    if settings is None or plain is not model:  # adapters are saved without any
        yield
        return
    try:
        settings.validate(strict=True)
    except ValueError:
        plain.generation_config = GenerationConfig()
    yield
    if plain.generation_config is not settings:
        plain.generation_config = settings
        settings.to_json_file(folder / GENERATION_CONFIG)


@torch.no_grad()
def probe(model: Any) -> Tensor:
    """[T - 1] log-probabilities of a sequence that is the same for all models of one vocabulary."""
    length = min(PROBE_TOKENS, getattr(model.config, "max_position_embeddings", None) or PROBE_TOKENS)
    ids = 7919 * torch.arange(1, length + 1) % model.config.get_text_config().vocab_size  # a prime: all over
    logps = model.eval()(input_ids=ids[None], use_cache=False).logits[0].float().log_softmax(dim=-1)
    return logps[:-1].gather(-1, ids[1:, None]).squeeze(-1)


def save_and_read_back(
    model: nn.Module, *, save: Callable[[], None], load: Callable[[], Any], score: Score, where: Path
) -> float:
    """Save a model, load the folder again and compare the two; the model's own memory is freed in between.

    Args:
        model: as it was trained; it cannot be used any more afterwards.
        save: writes it.
        load: reads it back, on the same device.
        score: numbers of a model, all of one unit.
        where: the folder, for messages.

    Returns:
        The largest difference.

    Raises:
        BenchError: another model comes back (exit code 1): a weight is not the same to the bit, or numbers differ by
            more than rounding; the message says what differs.
    """
    model.eval()
    with torch.no_grad():
        before = score(model).float().cpu()
    tensors, tolerance = _digests(model), _tolerance(model)
    save()
    model.to("meta")
    again = load()
    with torch.no_grad():
        after = score(again.eval()).float().cpu()
    difference, changes = _largest(before, after), _changes(tensors, _digests(again))
    if not difference <= tolerance or any(changes[what] for what in _GRAVE):
        raise BenchError(
            f"{where}: read back, it is another model than the one that was saved: numbers move by {difference:.2g}, "
            f"at most {tolerance:g} is rounding; {_in_words(changes)}",
            exit_code=ExitCode.FAILED,
        )
    return difference


def _tolerance(model: nn.Module) -> float:
    low = any(p.dtype in (torch.bfloat16, torch.float16) for p in model.parameters())
    return LOW_TOLERANCE if low else TOLERANCE


def _largest(before: Tensor, after: Tensor) -> float:
    """The largest difference; numbers that are not finite must come back as they were."""
    finite = before.isfinite()
    if before.shape != after.shape or not torch.equal(finite, after.isfinite()):
        return float("inf")
    return float((before[finite] - after[finite]).abs().max()) if bool(finite.any()) else 0.0


@torch.no_grad()
def _digests(model: nn.Module) -> Mapping[str, tuple[str, int]]:
    """Name -> precision and sum of the bits, of every weight and buffer, also of those that are not saved."""
    named = {**dict(model.named_parameters(remove_duplicate=False)), **_buffers(model)}
    return {
        name: (
            str(tensor.dtype).removeprefix("torch."),
            int(tensor.view(_BITS[tensor.itemsize]).sum(dtype=torch.int64)),
        )
        for name, tensor in named.items()
        if tensor.is_floating_point()
    }


def _buffers(model: nn.Module) -> Mapping[str, Tensor]:
    return {f"buffer {name}": tensor for name, tensor in model.named_buffers()}


def _changes(before: Mapping[str, tuple[str, int]], after: Mapping[str, tuple[str, int]]) -> Mapping[str, list[str]]:
    """How weights and buffers came back otherwise -> which; a value is compared where the precision is the same."""
    both = sorted(before.keys() & after.keys())
    weights = [name for name in both if not name.startswith("buffer ")]
    unlike = [name for name in both if before[name][0] == after[name][0] and before[name][1] != after[name][1]]
    return {
        "that did not come back": sorted(before.keys() - after.keys()),
        "that were not there before": sorted(after.keys() - before.keys()),
        "weights with other values": [name for name in weights if name in set(unlike)],
        "buffers with other values": [name for name in unlike if name not in set(weights)],
        "in another precision": [name for name in both if before[name][0] != after[name][0]],
    }


def _in_words(changes: Mapping[str, list[str]]) -> str:
    said = [f"{len(names)} {what}: {', '.join(names[:3])}" for what, names in changes.items() if names]
    return "; ".join(said) or "all weights and buffers are the same, so the configuration is not"
