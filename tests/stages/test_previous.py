"""The policy that a round starts from, through a plan and its stages, where a recipe has no rounds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from benchbench.methods.inpo import Hyper

from .artefacts import run

QUICK = "sft.max_steps=2"


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def test_without_rounds_it_is_the_reference_scored_once_for_both(tmp_path: Path):
    """So DNO-Prct is DPO to the bit, and INPO, which reads both, trains on the same one stage."""
    done = run(tmp_path, ["dpo", "dno_prct", "inpo"], QUICK)
    assert done.done(), done.status
    titles = [done.lock(key)["title"] for key in done.status]
    assert titles.count("reference log-probabilities seed 1") == 1
    ours, plain = (weights(done.folder(f"{name} seed 1")) for name in ("dno_prct", "dpo"))
    assert all(torch.equal(ours[name], weight) for name, weight in plain.items())
    first, eta = done.log("inpo seed 1")[0], Hyper().eta
    assert first["loss"] == pytest.approx((1 / (2 * eta)) ** 2, rel=1e-4), "no margin to either policy yet"
    reads_both = weights(done.folder("inpo seed 1"))
    assert any(not torch.equal(reads_both[name], weight) for name, weight in plain.items())
