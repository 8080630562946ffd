"""A small GPT-NeoX and a dataset in the hub's format, for running the published recipes where the hub cannot be had.

    python -m tests.published.build SHARED_DATA FOLDER

writes FOLDER/model and FOLDER/data from real UltraFeedback rows and the real tokenizer, and prints the four `--set`
that put them in the place of model and data.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

SPLITS = {"train_sft": "train", "train_prefs": "train", "test_prefs": "test"}
"""Split of the published dataset -> split of the sample it is filled from."""


def replacements(folder: Path) -> list[str]:
    """The overrides that change model and data, and nothing else of a recipe."""
    return [
        f"model.model_name_or_path={folder / 'model'}",
        "model.revision=null",
        f"data.options.dataset_name={folder / 'data'}",
        "data.options.dataset_revision=null",
    ]


def write_model(
    folder: Path, tokenizer: Path | Any, *, hidden: int = 32, layers: int = 2, positions: int = 2048
) -> Path:
    """A GPT-NeoX from random weights (torch seed 0) with its tokenizer, as the hub would hold it."""
    import torch
    from transformers import AutoTokenizer, GPTNeoXConfig, GPTNeoXForCausalLM

    known = AutoTokenizer.from_pretrained(tokenizer) if isinstance(tokenizer, Path) else tokenizer
    rows = -(-len(known) // 128) * 128  # Pythia's embedding is padded: 50,304 rows for 50,277 tokens
    config = GPTNeoXConfig(
        vocab_size=rows,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=4 * hidden,
        max_position_embeddings=positions,
        rotary_pct=0.25,
        bos_token_id=0,
        eos_token_id=0,
        tie_word_embeddings=False,
    )
    torch.manual_seed(0)
    GPTNeoXForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    known.save_pretrained(folder)
    return folder


def published_form(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as UltraFeedback-binarized has it: whole conversations under chosen and rejected."""
    prompt = row["prompt"] if isinstance(row["prompt"], list) else [{"role": "user", "content": row["prompt"]}]
    sides = {side: [*prompt, {"role": "assistant", "content": row[side]}] for side in ("chosen", "rejected")}
    return {"prompt": prompt[-1]["content"], "prompt_id": row["id"], "messages": sides["chosen"], **sides}


def write_dataset(folder: Path, splits: Mapping[str, Sequence[Mapping[str, Any]]]) -> Path:
    """Parquet files by split, as a dataset repository of the hub holds them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "data").mkdir(parents=True)
    for name, rows in splits.items():
        pq.write_table(
            pa.Table.from_pylist([dict(row) for row in rows]), folder / "data" / f"{name}-00000-of-00001.parquet"
        )
    return folder


def real_rows(shared: Path, *, limits: Mapping[str, int] | None = None) -> dict[str, list[dict[str, Any]]]:
    """The rows of the real sample by published split, the first ones where limited."""
    with gzip.open(shared / "pairs" / "ultrafeedback_binarized.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {
        ours: [published_form(row) for row in _first(rows, theirs, (limits or {}).get(theirs))]
        for ours, theirs in SPLITS.items()
    }


def _first(rows: Iterable[Mapping[str, Any]], split: str, limit: int | None) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["split"] == split][:limit]


def main() -> None:
    """Write model and data, print the overrides."""
    shared, folder = map(Path, sys.argv[1:3])
    write_model(folder / "model", shared / "tokenizers" / "neox_20b", hidden=64)
    write_dataset(folder / "data", real_rows(shared))
    sys.stdout.write(" ".join(f"--set {text}" for text in replacements(folder.resolve())) + "\n")


if __name__ == "__main__":
    main()
