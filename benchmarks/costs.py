"""`python -m benchmarks.costs results/performance/costs.json`: real stages beside what was computed of them before.

Each stage runs as a worker runs it. Its memory is the peak of the process less what the process held before; blocks of
memory are given back to the system when they are freed (`MALLOC_MMAP_THRESHOLD_`), so that this is the memory of
tensors, and in a second process per model it is not so, which is what the C library does by itself. Time is of the
steps alone, in CPU-seconds of one thread, and is predicted at the rate that the first stage of the same process had.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.children import ROOT
from benchmarks.machine import clean_environment, cores_of_others, hardware, resident_mib, versions

FAMILIES = ("gpt_neox", "llama")
GIVEN_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536"}
LORA = "lora={lora_r: 16, lora_alpha: 16, lora_dropout: 0.0, lora_target_modules: all-linear}"
CASES: Mapping[str, tuple[str, ...]] = {
    "full": (),
    "full, checkpointed": ("preference.gradient_checkpointing=true",),
    "full, autocast": ("preference.bf16=true",),
    "full, autocast, again": ("preference.bf16=true",),
    "full, autocast, checkpointed": ("preference.bf16=true", "preference.gradient_checkpointing=true"),
    "LoRA, all linear layers": (LORA,),
    "LoRA, all linear layers, checkpointed": (LORA, "preference.gradient_checkpointing=true"),
}
"""Name -> `--set` values of a preference stage."""
COMPILES = "full, autocast"
"""The case beside which kernels for bfloat16 are compiled, for each shape of a product once in a process, and kept."""
SHAPES = (64, 256, 1024, 1536)
"""Numbers of shapes after which what is kept of their kernels is looked at."""


@dataclass(frozen=True)
class Sizes:
    """Of a model and its steps."""

    width: int = 192
    layers: int = 4
    heads: int = 4
    steps: int = 10
    batch: int = 32


QUICK = Sizes(width=32, layers=2, heads=2, steps=2, batch=8)


@dataclass(frozen=True)
class MeasuredStage:
    """One stage, measured and computed."""

    model: str
    case: str
    stage: str
    given_back: bool
    """Whether freed memory went back to the system at once."""
    weights: int
    tokens: str
    """Where the numbers of tokens are from."""
    measured_mib: float
    computed_mib: float
    cpu_seconds: float | None
    """Of the steps after the first, one thread; none for a stage without steps."""
    computed_gflop: float | None
    """Of the same steps."""


def kernels() -> list[tuple[int, float]]:
    """(shapes of products in bfloat16, MiB that this process keeps beside its tensors) as more and more are met."""
    import torch

    torch.set_num_threads(1)
    weight, rows = torch.ones(64, 32, dtype=torch.bfloat16), torch.ones(max(SHAPES), 32, dtype=torch.bfloat16)
    torch.nn.functional.linear(rows[:1].float(), weight.float())
    before, kept = resident_mib(), list[tuple[int, float]]()
    for count in range(1, max(SHAPES) + 1):
        torch.nn.functional.linear(rows[:count], weight)
        if count in SHAPES:
            kept.append((count, resident_mib() - before))
    return kept


def setting(family: str, sizes: Sizes, folder: Path | None) -> str:
    """A setting as text: the micro setting's world, a model of the sizes, from random or from saved weights."""
    import yaml

    values = yaml.safe_load((ROOT / "tests" / "micro.yaml").read_text(encoding="utf-8"))
    shape = {"model_type": family, "hidden_size": sizes.width, "num_hidden_layers": sizes.layers}
    shape |= {"num_attention_heads": sizes.heads, "max_position_embeddings": 128, "tie_word_embeddings": False}
    if family == "llama":
        shape |= {"num_key_value_heads": sizes.heads // 2, "intermediate_size": 3 * sizes.width}
    else:
        shape |= {"intermediate_size": 4 * sizes.width, "hidden_dropout": 0.0, "attention_dropout": 0.0}
    values["name"] = f"costs_{family}"
    values["model"]["from_config"] = shape
    values["data"]["options"] = {
        "demonstrations": 160,
        "preference_prompts": 2 * sizes.steps * sizes.batch,
        "validation_prompts": 24,
        "test_prompts": 40,
    }
    run = {"global_batch_size": sizes.batch, "per_device_train_batch_size": sizes.batch, "max_steps": sizes.steps}
    values["preference"] |= run | {"tokens_per_microbatch": 4096}
    if folder is not None:
        values["model"] = {"model_name_or_path": str(folder), "dtype": "float32"}
        values["sft"] = values["reward_model"] = None
        values["preference"]["reference"] = "base"
    return yaml.safe_dump(values)


def measured_stages(family: str, sizes: Sizes, *, given_back: bool, most: int | None = None) -> Iterator[MeasuredStage]:
    """Run the stages of each case in this process.

    Args:
        family: type of the model.
        sizes: of it.
        given_back: as the environment of this process has it.
        most: cases; none takes all.
    """
    import peft  # noqa: F401  (what is imported first counts as no stage's memory)
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "start.yaml").write_text(setting(family, sizes, None), encoding="utf-8")
        ((spec, _, _),) = _run(place / "start.yaml", place / "start", ("sft.max_steps=1",), only="sft")
        folder = place / "start" / "runs" / spec.key / "model"
        (place / "pinned.yaml").write_text(setting(family, sizes, folder), encoding="utf-8")
        for case, sets in list(CASES.items())[:most]:
            for spec, cost, measured in _run(place / "pinned.yaml", place / case, sets):
                kernels = cost.kernels if case == COMPILES else 0.0  # the cases after it have the same shapes
                has_steps = spec.kind == "preference"
                work = sum(cost.work.values()) / sizes.steps * (sizes.steps - 1) if has_steps else None
                yield MeasuredStage(
                    model=family,
                    case=case,
                    stage=spec.kind,
                    given_back=given_back,
                    weights=cost.train.shape.weights if cost.train is not None else 0,
                    tokens=cost.origin,
                    measured_mib=measured[0],
                    computed_mib=(cost.memory(1).bytes + kernels) / 2**20,
                    cpu_seconds=measured[1] if has_steps else None,
                    computed_gflop=None if work is None else work / 1e9,
                )


def _run(recipe: Path, place: Path, sets: tuple[str, ...], only: str = "") -> Iterator[tuple[Any, Any, Any]]:
    """(stage, what was computed, (MiB, CPU-seconds of all steps but the first)) of the stages that train and score."""
    from benchbench import inputs
    from benchbench.commands.costs.run import costs_of
    from benchbench.commands.resolve import resolve
    from benchbench.commands.run_plan import RunOptions, open_session
    from benchbench.recipe.overrides import parse_overrides
    from benchbench.stages.execute import execute

    options = RunOptions("cpu", runs=place / "runs")
    loaded = resolve("dpo", setting=str(recipe), overrides=parse_overrides(sets))
    session = open_session([loaded], [1], options)
    costs = costs_of(session, "cpu")
    for key, spec in session.plan.stages.items():
        if only and spec.kind != only:
            continue
        if spec.kind == "score" and "preference" in "".join(spec.inputs.values()):
            continue  # as the other score
        times: list[float] = []

        def note(event: Mapping[str, Any], times: list[float] = times) -> None:
            if "step" in event:
                times.append(time.process_time())

        before = resident_mib()
        record = execute(spec, options.store, device="cpu", report=note, input_of=inputs.get)
        if record.status != "done":
            raise RuntimeError(record.message)
        peak = (record.peak_memory_gib or 0.0) * 1024 - before
        yield spec, costs[key], (peak, times[-1] - times[0] if len(times) > 1 else None)


def main(words: list[str]) -> None:
    """Measure everything in processes of their own and write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.costs", description=__doc__)
    parser.add_argument("file", help="where the numbers go")
    parser.add_argument("--child", nargs=2, metavar=("MODEL", "GIVEN_BACK"), help="measure here and print")
    parser.add_argument("--quick", action="store_true", help="at a size that shows no more than that it works")
    chosen = parser.parse_args(words)
    sizes = QUICK if chosen.quick else Sizes()
    if chosen.child:
        family, given_back = chosen.child
        if family == "kernels":
            Path(chosen.file).write_text(json.dumps(kernels()), encoding="utf-8")
            return
        stages = measured_stages(family, sizes, given_back=given_back == "yes")
        Path(chosen.file).write_text(json.dumps([asdict(stage) for stage in stages]), encoding="utf-8")
        return
    rows: list[Any] = []
    others = [cores_of_others()]
    kept = _of_child("kernels", "yes", quick=chosen.quick)
    for given_back in ("yes", "no"):
        for family in FAMILIES:
            rows += _of_child(family, given_back, quick=chosen.quick)
            others.append(cores_of_others())
            write(Path(chosen.file), sizes, others, kept, rows)  # a run that is stopped leaves what it has


def _of_child(name: str, given_back: str, *, quick: bool) -> Any:
    """What a process of its own measures."""
    variables = GIVEN_BACK if given_back == "yes" else {}
    with tempfile.NamedTemporaryFile(suffix=".json") as answer:
        line = [sys.executable, "-m", "benchmarks.costs", answer.name, "--child", name, given_back]
        subprocess.run(line + ["--quick"] * quick, env=_environment(variables), check=True)
        return json.loads(Path(answer.name).read_text(encoding="utf-8"))


def write(path: Path, sizes: Sizes, others: list[float], kept: list[Any], rows: list[Any]) -> None:
    """The file, with the machine and the versions."""
    about = {"hardware": hardware(), "versions": versions(), "date": datetime.now(UTC).date().isoformat()}
    load = {"cores_of_others": others, "sizes": asdict(sizes), "kernels": kept}
    path.write_text(json.dumps(about | load | {"stages": rows}, indent=1) + "\n", encoding="utf-8")


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return clean_environment(os.environ) | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"} | dict(variables)


if __name__ == "__main__":
    main(sys.argv[1:])
