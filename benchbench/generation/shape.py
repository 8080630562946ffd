"""The sizes of a model that an engine must know before loading it, read from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.model_files import ADAPTER_FILE


@dataclass(frozen=True)
class ModelShape:
    """Sizes that decide whether and how an engine can serve a model."""

    model_type: str
    vocab: int
    context: int | None
    """Tokens the model can read at once, where its configuration says so."""
    layers: int
    kv_heads: int
    head_size: int | None
    """None for a model without attention heads."""
    tied: bool = False
    """Whether the output embedding is the input embedding."""

    def cache_bytes_per_token(self, element_bytes: int) -> int:
        """Keys and values of one token in all layers."""
        return 2 * self.layers * self.kv_heads * (self.head_size or 0) * element_bytes


def shape_of_values(values: Mapping[str, Any]) -> ModelShape:
    """The shape of a configuration given as values, `model_type` among them; imports transformers."""
    from transformers import AutoConfig

    return _shape(AutoConfig.for_model(**values))


def shape_of_folder(folder: Path, *, trust_remote_code: bool = False) -> ModelShape:
    """The shape of the model in a folder; imports transformers.

    Raises:
        BenchError: there is no model in the folder, or only adapters.
    """
    from transformers import AutoConfig

    if (folder / ADAPTER_FILE).is_file():
        raise BenchError(
            f"{folder}: expected whole weights, found adapters; engines serve merged weights (generation.merge)"
        )
    if not (folder / "config.json").is_file():
        raise BenchError(f"{folder}: expected a model, found no config.json", exit_code=ExitCode.UNAVAILABLE)
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=trust_remote_code)
    return _shape(config)


def _shape(config: Any) -> ModelShape:
    """Of the text part, where a model has several; configurations translate names such as `n_embd` themselves."""
    text = config.get_text_config()
    heads = getattr(text, "num_attention_heads", None)
    head_size = getattr(text, "head_dim", None) or (text.hidden_size // heads if heads else None)
    return ModelShape(
        model_type=config.model_type,
        vocab=text.vocab_size,
        context=getattr(text, "max_position_embeddings", None),
        layers=text.num_hidden_layers,
        kv_heads=getattr(text, "num_key_value_heads", None) or heads or 0,
        head_size=head_size,
        tied=bool(config.tie_word_embeddings),
    )
