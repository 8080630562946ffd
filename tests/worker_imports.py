"""What a worker server has imported, so that the workers it forks need not; importing this is the import."""

from __future__ import annotations

import importlib

from benchbench.core.imports import hide_from_transformers, own_this_process, without_collection

KINDS = ("sft", "reward_model", "reward", "preference", "score", "generate")
IMPORTED = (
    *("transformers.models.gpt_neox.modeling_gpt_neox", "pandas", "pyarrow.parquet"),
    *("benchbench.stages.execute", "benchbench.generation.engine_cache"),
    *(f"benchbench.stages.{kind}.run" for kind in KINDS),
)

with without_collection():
    importlib.import_module("torch")
    own_this_process()
    hide_from_transformers()
    for name in IMPORTED:
        importlib.import_module(name)
