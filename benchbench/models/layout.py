"""Whether a model takes packed rows: tried once per model, never read off a list of architectures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from benchbench.core.packed import Packed
from benchbench.models import attention
from benchbench.models.packing import pack

ANSWER = "_bench_layout"
"""Attribute of a model under which the answers of the probe are kept, by kind of device."""
_CLOSE = {torch.float32: 1e-4, torch.float64: 1e-9}
"""How far packed and padded hidden states may lie apart, as a share of the largest; 0.1 in lower precisions."""


@dataclass(frozen=True)
class Layout:
    """How a model's rows are laid out."""

    packed: bool
    """One row without padding; else padded rows."""
    reason: str = ""
    """Why they are padded."""

    @property
    def name(self) -> str:
        """For records and people."""
        return "packed" if self.packed else f"padded ({self.reason})"


def layout_of(backbone: Any) -> Layout:
    """The layout of a model's rows on its device; the first call tries it out.

    Args:
        backbone: the model without its head, as `base_model` of transformers gives it.
    """
    implementation = getattr(backbone.config, "_attn_implementation", "of its own")
    if implementation != attention.NAME:
        return Layout(False, f"attention {implementation}")
    answers: dict[str, Layout] = vars(backbone).setdefault(ANSWER, {})
    place = backbone.get_input_embeddings().weight.device.type
    if place not in answers:
        answers[place] = _probe(backbone)
    return answers[place]


def use_packed_rows(model: Any) -> Layout:
    """Give a model that was loaded with `sdpa` the attention of packed rows, where it takes them.

    A model that does not is left as it was. Done once, when a model is loaded: switched later, what is recomputed in a
    backward pass would run under another attention than the forward pass did.
    """
    implementation = model.config._attn_implementation
    if implementation != "sdpa":
        return layout_of(model.base_model)
    model.set_attn_implementation(attention.NAME)
    layout = layout_of(model.base_model)
    if not layout.packed:
        model.set_attn_implementation(implementation)
    return layout


def packed_states(backbone: Any, packed: Packed) -> Tensor:
    """[N, H] last hidden states of a packed row."""
    return backbone(
        input_ids=packed.ids[None],
        position_ids=packed.positions[None],
        attention_mask=attention.carrier(packed),
        use_cache=False,
    ).last_hidden_state[0]


@torch.no_grad()
def _probe(backbone: Any) -> Layout:
    """Two examples of two candidates, packed against padded, with a neighbour replaced, at other positions.

    Close to padded rows alone would let a model through whose tokens leak a little: rows must be equal to the last
    bit whatever stands beside them, and must change with their positions.
    """
    if reason := _beyond_the_probe(backbone.config):
        return Layout(False, reason)
    was_training = backbone.training
    backbone.eval()
    try:
        # autocast keeps weights that it has cast once, and those cast here would be without a gradient
        with torch.autocast(backbone.get_input_embeddings().weight.device.type, enabled=False):
            return _try_out(backbone)
    except Exception as error:  # whatever an architecture does not take
        said = " ".join(str(error).split())[:120]
        return Layout(False, f"the model takes no packed rows: {type(error).__name__}: {said}")
    finally:
        backbone.train(was_training)


def _try_out(backbone: Any) -> Layout:
    weight = backbone.get_input_embeddings().weight
    tokens = _probe_tokens(weight.shape[0]).to(weight.device)
    response = torch.ones_like(tokens, dtype=torch.bool)
    response[..., 0] = False
    everything = torch.ones_like(response)
    packed = pack(tokens, everything, response, whole=True)
    inside = packed.places[0, 0]
    states = packed_states(backbone, packed)[inside]
    alone = backbone(input_ids=tokens[0, :1], use_cache=False).last_hidden_state[0]
    far = float((states - alone).abs().max() / alone.abs().max())
    if not far <= _CLOSE.get(alone.dtype, 0.1):
        return Layout(False, f"packed rows give other hidden states, by {far:.1g} of their size")
    other = tokens.clone()
    other[0, 1, 4:] = other[0, 1, 4:].flip(0)
    other[1] = (other[1] + 1) % len(weight)  # as long a row: of another length, a card may add up in another order
    beside = packed_states(backbone, pack(other, everything, response, whole=True))[inside]
    if not torch.equal(states, beside):
        return Layout(False, "packed rows depend on their neighbours")
    window = _window(backbone.config)
    if window is not None and window not in packed.windows:
        return Layout(False, f"the model keeps its window of {window} to itself")
    moved = replace(packed, positions=packed.positions.flip(0), masks={})
    if torch.equal(states, packed_states(backbone, moved)[inside]):
        return Layout(False, "the model does not read the positions of packed rows")
    return Layout(True)


def _window(config: Any) -> int | None:
    """Width of the window that some layers should read by the configuration; a longer row than the probe's needs it."""
    if getattr(config, "use_sliding_window", True) is False:
        return None
    kinds = getattr(config, "layer_types", None)
    return getattr(config, "sliding_window", None) if kinds is None or "sliding_attention" in kinds else None


def _probe_tokens(vocabulary: int) -> Tensor:
    """[2, 2, 9] ids, the first four of each pair alike, no two neighbours so."""
    ids = torch.arange(36).reshape(2, 2, 9) * 7 % max(1, min(vocabulary, 37))
    ids[:, 1, :4] = ids[:, 0, :4]
    return ids


def _beyond_the_probe(config: Any) -> str:
    """What rows of nine tokens cannot show; nothing where there is no such thing."""
    kinds = set(getattr(config, "layer_types", None) or ())
    if strange := kinds - {"full_attention", "sliding_attention"}:
        return f"layers of kind {', '.join(sorted(strange))}"
    if getattr(config, "attention_chunk_size", None):
        return "attention in chunks"
    return ""
