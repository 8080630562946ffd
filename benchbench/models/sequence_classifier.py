"""Classifiers of texts in the hub's format: all their weights, from a folder or from one revision of the hub.

Texts go through one at a time, without padding, so no batch moves a score.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification

from benchbench.core.errors import BenchError
from benchbench.core.repository import Repository
from benchbench.data.hub_access import local_folder, require_on_hub
from benchbench.data.hub_cache import AGAIN
from benchbench.data.hub_verified import CachedRevision, require_verified
from benchbench.data.tokenizer import read_tokenizer
from benchbench.data.tokenizer_files import TOKENIZER_PATTERNS
from benchbench.models.load import context_length
from benchbench.models.loading import check_loaded

_READ = ("*.safetensors", "*.json", "*.py", *TOKENIZER_PATTERNS)
"""Files of a repository that a classifier is loaded from."""

_POOLER = re.compile(r"(^|\.)pooler\.dense\.(weight|bias)$")
"""What encoders without their classifier's own first layer have, and RoBERTa's saved before 2021 still hold, unread."""


def load_sequence_classifier(
    name: str,
    *,
    what: str,
    revision: str | None,
    folder: Path,
    root: Path | None,
    device: str,
    dtype: str,
    attn_implementation: str | None = None,
    trust_remote_code: bool = False,
    labels: int | None = None,
) -> tuple[Any, Any]:
    """The model on its device, ready to score, and its tokenizer; what the hub's cache holds is verified.

    Args:
        name: hub id, or a folder relative to `folder`.
        what: who needs it, for messages.
        revision: commit of a hub id.
        folder: of the recipe file.
        root: the `runs/` folder, which records what was verified; without one it is read each time.
        device: where it goes.
        dtype: precision of the weights.
        attn_implementation: attention kernel; none: the default of transformers.
        trust_remote_code: whether code that comes with the model is run.
        labels: how many it must have; none: any number.

    Raises:
        BenchError: exit code 5 where it cannot be had; not all weights, or another number of labels.
    """
    local = local_folder(name, folder)
    cached = [CachedRevision(Repository("model", name, revision), _READ, AGAIN)]
    if local is None:
        require_verified(cached, root)
    tokenizer = read_tokenizer(name, revision=revision, folder=folder, trust_remote_code=trust_remote_code)
    attention = {} if attn_implementation is None else {"attn_implementation": attn_implementation}
    model, info = _pretrained(
        local or name,
        what,
        revision=revision,
        trust_remote_code=trust_remote_code,
        dtype=getattr(torch, dtype),
        use_safetensors=True,
        output_loading_info=True,
        **attention,
    )
    if local is None:  # what came just now
        require_verified(cached, root)
    has_labels = model.config.num_labels
    if (labels is not None and has_labels != labels) or info["missing_keys"]:
        expected = "a classifier" if labels is None else "a classifier with one label"
        missing = ", ".join(sorted(info["missing_keys"])) or "none"
        raise BenchError(
            f"{what}: {name}: expected {expected} and all weights, found {has_labels} labels, without {missing}"
        )
    read = {key for key in info["unexpected_keys"] if not _POOLER.search(key)}
    check_loaded(model, {**info, "unexpected_keys": read}, f"{what}: {name}")
    return model.to(device).eval(), tokenizer


def _pretrained(source: str | Path, what: str, *, revision: str | None, **how: Any) -> Any:
    """From the folder, the hub's cache or the hub."""
    is_local = isinstance(source, Path)
    more = how if is_local else {**how, "revision": revision}
    load, name = AutoModelForSequenceClassification.from_pretrained, str(source)
    try:
        return load(name, local_files_only=True, **more)
    except (OSError, ValueError, KeyError) as error:
        if is_local:
            raise BenchError(f"{what}: {name}: cannot be loaded ({error})") from None
    require_on_hub("model", name, revision)
    try:
        return load(name, **more)
    except (OSError, ValueError, KeyError) as error:
        raise BenchError(f"{what}: {name}: cannot be loaded ({error})") from None


def label_log_odds(
    model: Any, tokenizer: Any, *, what: str, label: str, max_length: int, truncation: str
) -> Callable[[str], float]:
    """A function of a text: log p(label) - log(1 - p(label)) by the softmax over the model's labels, in nats.

    Args:
        model: a classifier with two labels or more, each text of which has one.
        tokenizer: its own; it puts special tokens around a text.
        what: who asks, for messages.
        label: as the model's configuration calls it.
        max_length: tokens of a text, special ones among them, at most what the model reads.
        truncation: longer texts lose their `left` or their `right` end, or are an `error`.

    Raises:
        BenchError: no such label, or labels that do not exclude each other; from the function a text that is too long.
    """
    names: Mapping[int, str] = model.config.id2label
    places = [place for place, name in names.items() if name == label]
    if len(places) != 1 or len(names) < 2 or model.config.problem_type == "multi_label_classification":
        raise BenchError(
            f"{what}: expected a classifier of two labels or more of which each text has one, one of them '{label}', "
            f"found {', '.join(names.values())} ({model.config.problem_type or 'no problem type'})"
        )
    limit = context_length(model)
    if limit is not None and max_length > limit:
        raise BenchError(f"{what}: max_length: expected at most {limit}, which the model reads, got {max_length}")
    tokenizer.truncation_side = "left" if truncation == "left" else "right"
    device = next(model.parameters()).device

    def score(text: str) -> float:
        cut = {"truncation": truncation != "error", "max_length": max_length if truncation != "error" else None}
        encoded = tokenizer(text, return_tensors="pt", return_token_type_ids=False, **cut)  # one text is of one type
        length = encoded["input_ids"].shape[-1]
        if length > max_length:
            raise BenchError(
                f"{what}: {length} tokens, more than max_length {max_length}, in '{text[:60]}'; raise it, or set "
                "truncation to right or left"
            )
        with torch.no_grad():
            logits = model(**encoded.to(device)).logits[0].double()  # [labels]
        others = torch.cat([logits[: places[0]], logits[places[0] + 1 :]])
        return float(logits[places[0]] - others.logsumexp(0))

    return score
