"""Responses of different engines are refused by the names of the folders that hold them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from benchbench.commands.compare.win_rates import collect
from benchbench.core.errors import BenchError
from benchbench.store.generations import COLUMNS, write_generations
from benchbench.store.runs import RunStore


def drawn(store: RunStore, label: str, key: str, engine: str) -> Any:
    """A cell whose responses were drawn by an engine."""
    frame = pd.DataFrame([("e0", 0, "yes", [1], "stop", 1, None, None)], columns=list(COLUMNS))
    store.folder(key).mkdir(parents=True)
    write_generations(store.folder(key), frame, {"engine": engine, "version": "1", "device_kind": "cpu"})
    return SimpleNamespace(loaded=SimpleNamespace(label=label), seed=1, generate=key)


def test_responses_of_two_engines_are_refused_with_the_folders_of_each(tmp_path: Path):
    store = RunStore(tmp_path)
    cells = [drawn(store, f"m{number}", f"generate/{number}", "vllm") for number in range(5)]
    cells.append(drawn(store, "other", "generate/9", "transformers"))
    with pytest.raises(BenchError) as refused:
        collect(cells, SimpleNamespace(), store, allow_mixed=False, prompts=None, marks={}, runs={})
    assert str(refused.value) == (
        f"{tmp_path}: responses were drawn by transformers 1 on cpu (generate/9) and vllm 1 on cpu (generate/0, "
        "generate/1, generate/2, ...); draw all with one: remove the folders of the others and run the command again, "
        "or add --allow-mixed, which shows it"
    )
