"""`bench fetch`: bring a recipe's data, weights and tokenizer to this machine, and say what they hash to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchbench.commands.session import Options
from benchbench.commands.targets import resolve_all
from benchbench.plan.prepare import prepare


def fetch(targets: Sequence[str], *, setting: str | None, options: Options) -> list[dict[str, Any]]:
    """One row per part of each recipe, with its content hash.

    Raises:
        BenchError: exit code 5, everything that cannot be had in one message.
    """
    rows = []
    for loaded in resolve_all(targets, setting=setting, overrides=[]):
        prepared = prepare(loaded, options.store.root)
        model = loaded.recipe.model
        tokenizer = model.tokenizer_name_or_path or model.model_name_or_path or "trained"
        parts = {
            "weights": (model.model_name_or_path or "from_config", prepared.weights_hash),
            "tokenizer": (tokenizer, prepared.tokenizer_hash),
        }
        parts |= {f"data, {split}": (loaded.recipe.data.source, h) for split, h in prepared.data.hashes.items()}
        rows += [
            {"recipe": loaded.recipe.name, "part": part, "name": name, "content hash": content}
            for part, (name, content) in parts.items()
        ]
    return rows
