"""Where a policy starts, what its reference model is, and in which precision it trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from harness import Finished
from safetensors.torch import load_file

from .artefacts import Artefacts, local_model, run


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def test_without_sft_the_policy_is_the_base_model(tmp_path: Path):
    """Simpo starts from the drawn weights; the row `base` is the base model itself."""
    done = run(tmp_path, ["simpo"], "sft=null", "reward_model=null", "preference.learning_rate=1e-30")
    assert done.done()
    assert {key.split("/")[0] for key in done.status} == {"preference", "score"}
    simpo, base = (done.rows(f"score {name} seed 1 on test")["logp_sum"] for name in ("simpo", "base"))
    assert simpo.tolist() == base.tolist()


def test_without_sft_seeds_draw_other_weights(tmp_path: Path):
    done = run(tmp_path, ["sft"], "sft=null", "reward_model=null", seeds=(1, 2))
    one, two = (done.rows(f"score base seed {seed} on test")["logp_sum"] for seed in (1, 2))
    assert not np.allclose(one, two)


def test_the_anchor_may_be_the_base_model(tmp_path: Path, finished: Finished, write_yaml: Callable[..., Path]):
    """DPO starts at the SFT policy; with the base model as reference its first margin is not zero."""
    folder = next(iter(sorted((finished.runs / "sft").iterdir()))) / "model"
    setting = local_model(write_yaml("local.yaml"), folder)
    quick = "sft.learning_rate=1e-2"
    to_sft = run(tmp_path / "sft", ["dpo"], quick, setting=setting)
    to_base = run(tmp_path / "base", ["dpo"], quick, "preference.reference=base", setting=setting)
    assert to_sft.done()
    assert to_base.done()
    first = [done.log("dpo seed 1")[0] for done in (to_sft, to_base)]
    assert first[0]["rewards/margins"] == pytest.approx(0, abs=1e-6)
    assert abs(first[1]["rewards/margins"]) > 1e-4
    anchor = to_base.rows("reference log-probabilities seed 1")["logp_sum"]
    assert not np.allclose(anchor, to_sft.rows("reference log-probabilities seed 1")["logp_sum"])


def test_the_first_dpo_loss_is_that_of_equal_policies(finished: Finished):
    import json

    for path in (finished.runs / "preference").glob("*/train.jsonl"):
        lock = (path.parent / "lock.yaml").read_text()
        if "title: dpo" in lock:
            first = json.loads(path.read_text().splitlines()[0])
            assert first["loss"] == pytest.approx(np.log(2), rel=1e-6)
            assert first["rewards/chosen"] == pytest.approx(0, abs=1e-5)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Artefacts:
    """The setting as it is."""
    return run(tmp_path_factory.mktemp("full"), ["dpo", "ddo_rm"])


def test_autocast_trains_float32_weights_to_nearly_the_same_place(tmp_path: Path, full: Artefacts):
    sets = [f"{name}.bf16=true" for name in ("sft", "reward_model", "preference")]
    low = run(tmp_path, ["dpo", "ddo_rm"], *sets)
    assert low.done()
    for title in ("sft seed 1", "dpo seed 1"):
        one, other = weights(low.folder(title)), weights(full.folder(title))
        assert {tensor.dtype for tensor in one.values()} == {torch.float32}
        assert any(not torch.equal(one[name], other[name]) for name in one)
    a, b = (done.rows("score dpo seed 1 on test")["logp_sum"] for done in (low, full))
    np.testing.assert_allclose(a, b, rtol=0.05)
    assert not np.allclose(a, b, rtol=1e-6)


def test_bfloat16_weights_stay_bfloat16(tmp_path: Path):
    done = run(tmp_path, ["simpo"], "model.dtype=bfloat16", "score.dtype=bfloat16")
    assert done.done()
    assert {tensor.dtype for tensor in weights(done.folder("simpo seed 1")).values()} == {torch.bfloat16}


def test_gradient_checkpointing_and_microbatches_leave_the_result(tmp_path: Path, full: Artefacts):
    """Memory settings: the same stages by fingerprint, the same weights up to rounding."""
    sets = [f"{name}.gradient_checkpointing=true" for name in ("sft", "preference")]
    sets += [f"{name}.per_device_train_batch_size=3" for name in ("sft", "preference")]
    small = run(tmp_path, ["dpo"], *sets)
    assert small.done() and small.status.items() <= full.status.items()
    for title in ("sft seed 1", "dpo seed 1"):
        one, other = weights(full.folder(title)), weights(small.folder(title))
        for name in one:
            torch.testing.assert_close(one[name], other[name], rtol=1e-3, atol=2e-5)
