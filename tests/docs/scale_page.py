"""docs/scale.md: what fits where, for models of 0.4B to 70B, from the functions of `benchbench.cost`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from benchbench.cost.activations import Precision
from benchbench.cost.devices import DEVICES, USABLE
from benchbench.cost.memory import KERNEL_BYTES, KERNELS, TrainingShape, training_memory
from benchbench.cost.passes import RowTokens, cache_bytes, training_flops, work_of
from benchbench.cost.queue import QueueConditions, grid_jobs, simulate
from benchbench.cost.rates import ASSUMED
from benchbench.cost.shapes import FAMILIES, DecoderShape, model_shape
from benchmarks.costs import COMPILES

from .ray_section import ray_section

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "results" / "performance" / "costs.json"
STAGE_TIMES = ROOT / "results" / "performance" / "stage_times.json"
TOKENS = 16384
RANK = 16
NEOX = {"model_type": "gpt_neox", "vocab_size": 50304}
LLAMA = {"model_type": "llama", "vocab_size": 128256, "num_key_value_heads": 8}
MODELS: Mapping[str, Mapping[str, Any]] = {
    "0.4B (Pythia 410M)": NEOX
    | {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096},
    "1.4B (Pythia 1.4B)": NEOX
    | {"hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 8192},
    "8B (Llama 3)": LLAMA
    | {"hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "intermediate_size": 14336},
    "32B (Qwen 2.5)": LLAMA
    | {"model_type": "qwen2", "vocab_size": 152064, "hidden_size": 5120, "num_hidden_layers": 64}
    | {"num_attention_heads": 40, "intermediate_size": 27648},
    "70B (Llama 3)": LLAMA
    | {"hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64, "intermediate_size": 28672},
}
"""Name -> sizes as its config.json has them."""
PAIRS = RowTokens(61135, 695, 450, 450, 300, 2048, 200, 2, "pairs as long as UltraFeedback's")
"""An epoch whose time is computed."""

HEAD = f"""# Scale

What stages need before they run: `bench plan RECIPE ... --on 8xH100` prints it for a recipe or a grid, `--dry-run`
the memory of the biggest stage. Made by `make docs` from the functions of `benchbench/cost/`; the measured rows are
those of [results/performance/costs.json](../results/performance/costs.json) and
[stage_times.json](../results/performance/stage_times.json), which `python -m benchmarks.costs` and
`python -m benchmarks.stage_times` write.

Nothing on this page was run on a card or on two machines: tables of cards are *computed*, rates of devices *stated*
by their makers, and *measured* is what ran on the processor that is named.

    bench plan dpo simpo --on 8xH100 --price 2.50
    bench train dpo --dry-run
    bench plan dpo --on cpu

## What is computed, and from what

- **Model.** Widths and weights from config.json alone; nothing is built. Known are {", ".join(FAMILIES)}. Of
  another architecture, and of one with experts, the plan says that it is not known, and gives no number.
- **Tokens.** A sample of up to 256 examples of each split is tokenised and laid out as the stage does it, shared
  prompts once. Where the data are not here, and for rows that a round will draw, lengths are those that the recipe
  allows at most, and the plan says so.
- **Operations.** Products with weights and of attention; three forward passes for a step, two where adapters alone
  are trained, and there one more of attention, both sides of whose products have gradients; one more of the layers
  with checkpointing, one more where something of a method sees the whole step or a frozen model is held.
- **Time.** Operations over a rate: measured by finished stages of the plan that ran in one process on such a device
  in the same precision, else {ASSUMED["training"][0]:.0%} to {ASSUMED["training"][1]:.0%} of the rate stated for
  that precision (float32 has one far below that of bfloat16), which is *assumed* and therefore
  a range of a factor of two. Drawing tokens reads the weights once for each token of all sequences, so its rate is
  of bytes; responses count as long as they may be, in what is left as in what is finished. Of a stage that scores
  prompts and draws, what scoring takes is taken off, and what is left is the rate of drawing. A judge has a rate of
  answers, of finished stages that asked it; what its cache answered counts as nothing.
- **Money.** Device-hours times `--price`; questions to judges are counted, and priced where the recipe has the
  judge's prices.
- **Not known is not zero.** A stage whose time is not known is named under the table and is in no sum.

## Memory

Weights, gradients and moments are 16 bytes for each weight that is trained in float32, or 4 (2 in bfloat16) for one
that is frozen. A step has the most at one of three moments, and the plan says at which:

- the end of the forward pass: what all layers keep, and the logits (in chunks);
- the beginning of the backward pass: the same and one layer's gradients;
- the end of the backward pass: one layer, and the gradients of all weights. This is the largest with checkpointing.

What a layer keeps was counted tensor by tensor, and is compared with the bytes that autograd saves within 4%
(`tests/cost/test_activations.py`), the most bytes of a step within 15% (`tests/cost/test_memory.py`).

**Two cases that a plain sum of weights and activations misses** have two causes, found by counting the tensors that
live at each moment (a model of 17M weights, 2,032 tokens, float32; measured once, while the formulas were written).
A GPT-NeoX with checkpointing has its largest moment elsewhere: at the end of the backward pass the gradients of all
weights are there, beside one layer made again and its own gradients (121 MiB of tensors). Adapters on all linear
layers keep as many tensors as full training (443 and 442 MiB). What was larger than that was the resident set of
the process, 737 MiB with adapters, since the C library keeps freed blocks for itself: with
`MALLOC_MMAP_THRESHOLD_=65536`, which gives them back, it was 450 MiB, and a step of the checkpointed GPT-NeoX had
122 MiB in the place of 184. So on a processor a process held up to 1.7 times its tensors; a card's
`max_memory_allocated` counts tensors.
"""


@cache
def shapes() -> dict[str, DecoderShape]:
    """The models of the tables."""
    known = {name: model_shape(config) for name, config in MODELS.items()}
    return {name: shape for name, shape in known.items() if isinstance(shape, DecoderShape)}


def training(shape: DecoderShape, *, rank: int = 0, checkpointed: bool = True, tokens: int = TOKENS) -> TrainingShape:
    """A step of pairs under autocast, or with a base in bfloat16 where adapters alone are trained."""
    precision = Precision("bfloat16" if rank else "autocast", "cuda")
    scored = int(tokens * PAIRS.scored / PAIRS.packed)
    return TrainingShape(shape, precision, tokens, scored, PAIRS.row, True, checkpointed, rank)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first column is text."""
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def memory_table() -> str:
    """GiB on each device, with and without checkpointing."""
    rows = []
    for name, shape in shapes().items():
        cells = [name]
        for rank in (0, RANK):
            for world in (1,) if rank else (1, 8, 64):
                both = [training_memory(training(shape, rank=rank, checkpointed=on), world).gib for on in (True, False)]
                cells.append(" / ".join(f"{need:,.0f}" for need in both))
        rows.append([*cells, f"{cache_bytes(shape, 2) / 1024:.0f}"])
    head = ["model", "full, 1", "full, 8", "full, 64", "LoRA, 1", "cache, KiB a token"]
    return table(head, rows)


def fewest(train: TrainingShape, usable: float) -> str:
    """The fewest devices, one or a power of two, with room for a stage."""
    worlds = (1, 2, 4, 8, 16, 32, 64)
    fitting = next((world for world in worlds if training_memory(train, world).bytes <= usable), None)
    return "none" if fitting is None else str(fitting)


def fit_table() -> str:
    """The fewest devices of each kind, checkpointed."""
    cards = [device for device in DEVICES.values() if device.usable_bytes is not None]
    rows = []
    for name, shape in shapes().items():
        cells = [fewest(training(shape, rank=rank), device.usable_bytes or 0) for rank in (0, RANK) for device in cards]
        rows.append([name, *cells])
    head = ["model", *(f"{kind}, {device.name}" for kind in ("full", "LoRA") for device in cards)]
    return table(head, rows)


def time_table() -> str:
    """Device-hours of an epoch at the assumed shares."""
    rows = []
    for name, shape in shapes().items():
        cells = [name]
        for device in (DEVICES["A100-80GB"], DEVICES["H100"]):
            for rank in (0, RANK):
                adapters = shape.adapter_weights(RANK, "all-linear") if rank else 0
                flops = training_flops(shape, work_of(PAIRS, PAIRS.examples or 0), adapters=adapters, checkpointed=True)
                stated = device.flops_per_second or 0.0
                shares = ASSUMED["adapters" if rank else "training"]
                low, high = (flops / (share * stated) / 3600 for share in reversed(shares))
                cells.append(f"{low:,.2g} to {high:,.2g}")
        rows.append(cells)
    head = ["model", *(f"{device}, {kind}" for device in ("A100-80GB", "H100") for kind in ("full", "LoRA"))]
    return table(head, rows)


def device_table() -> str:
    """What makers state."""
    rows = [
        [
            device.name,
            f"{device.memory_gib:.1f}",
            f"{(device.flops_per_second or 0) / 1e12:,.0f}",
            f"{(device.float32_flops_per_second or 0) / 1e12:g}",
            f"{(device.bytes_per_second or 0) / 1e12:.2f}",
            "-" if device.link_bytes_per_second is None else f"{device.link_bytes_per_second / 1e9:.0f}",
            device.source,
        ]
        for device in DEVICES.values()
        if device.memory_gib is not None
    ]
    head = ["device", "GiB", "TFLOP/s, bfloat16, dense", "TFLOP/s, float32", "TB/s of memory", "GB/s of links"]
    return table([*head, "rates stated at"], rows)


QUEUES: Mapping[str, QueueConditions] = {
    "20 s of start": QueueConditions(),
    "no start": QueueConditions(start_seconds=0),
    "120 s of start": QueueConditions(start_seconds=120),
    "a failure a device each 100 h": QueueConditions(mean_hours_to_failure=100),
    "each 10 h": QueueConditions(mean_hours_to_failure=10),
    "each 10 h, noticed after 30 min": QueueConditions(mean_hours_to_failure=10, notice_seconds=1800),
    "one engine for all devices": QueueConditions(engines=1),
}


@cache
def queue_table() -> str:
    """Efficiencies of a thousand cells."""
    jobs = grid_jobs()
    fleets = (8, 64, 256)
    rows = [
        [name, *(f"{simulate(jobs, count, conditions).efficiency:.3f}" for count in fleets)]
        for name, conditions in QUEUES.items()
    ]
    return table(["", *(f"{count} devices" for count in fleets)], rows)


def measured_table() -> Iterator[str]:
    """Stages that ran beside what was computed of them, from the committed file."""
    known = json.loads(MEASURED.read_text(encoding="utf-8"))
    hardware, packages = known["hardware"], known["versions"]
    others = max(known["cores_of_others"])
    yield (
        f"Measured on {known['date']}: processor {hardware['processor']}, {hardware['cores']} cores, "
        f"{hardware['memory_gib']} GiB, {hardware['system']}; python {packages['python']}, torch {packages['torch']}, "
        f"transformers {packages['transformers']}. Others kept up to {others:g} cores busy; time is of CPU-seconds of "
        "one thread, which a busy machine lengthens too.\n"
    )
    rows = []
    for stage in known["stages"]:
        if stage["cpu_seconds"] is None:
            if stage["given_back"]:
                rows.append([f"{stage['model']}, {stage['case']}, score", "yes", *_memory(stage), "-", "-", "-"])
            continue
        base = next(each for each in known["stages"] if each["cpu_seconds"] and _process(each) == _process(stage))
        rate = base["computed_gflop"] / base["cpu_seconds"]
        predicted = stage["computed_gflop"] / rate
        ratio = "sets the rate" if base is stage else f"{predicted / stage['cpu_seconds']:.2f}"
        rows.append(
            [
                f"{stage['model']}, {stage['case']}",
                "yes" if stage["given_back"] else "no",
                *_memory(stage),
                f"{stage['cpu_seconds']:.2f}",
                f"{predicted:.2f}",
                ratio,
            ]
        )
    head = ["stage", "freed memory given back", "MiB measured", "MiB computed", "ratio"]
    yield table([*head, "s measured", "s computed", "ratio"], rows)


def _memory(stage: Mapping[str, Any]) -> tuple[str, str, str]:
    """Measured and computed, and their ratio, where a process gives back what is freed."""
    measured, computed = stage["measured_mib"], stage["computed_mib"]
    if not stage["given_back"]:
        return "-", f"{computed:.0f}", "-"
    return f"{measured:.0f}", f"{computed:.0f}", f"{computed / measured:.2f}"


def _process(stage: Mapping[str, Any]) -> tuple[object, ...]:
    """Stages of one process are compared with each other; apart are adapters, each precision, and what compiles."""
    case = stage["case"]
    return stage["model"], stage["given_back"], "LoRA" in case, "autocast" in case, case == COMPILES


def whole_stages() -> Iterator[str]:
    """Finished stages of a grid beside what the others say of each, by kind."""
    known = json.loads(STAGE_TIMES.read_text(encoding="utf-8"))
    ratios: dict[str, list[float]] = {}
    for stage in known["stages"]:
        ratios.setdefault(stage["kind"], []).append(stage["computed_seconds"] / stage["measured_seconds"])
    yield (
        "### Whole stages\n\nOf each finished stage of "
        f"`bench compare {' '.join(known['targets'])} --seeds {' '.join(map(str, known['seeds']))}` the time that "
        "`bench plan --on cpu` gives it where only the others had run, over the time that it took, by "
        f"`python -m benchmarks.stage_times` (processor {known['hardware']['processor']}, a thread for each stage).\n"
    )
    rows = [
        [
            kind,
            str(len(each)),
            f"{min(each):.2f}",
            f"{median(each):.2f}",
            f"{max(each):.2f}",
            str(sum(map(_is_near, each))),
        ]
        for kind, each in ratios.items()
    ]
    yield table(["kind", "stages", "least", "middle", "most", "within 25%"], rows)
    yield (
        "The first stage that drew also started the engine, which the middle of the rates leaves out and the queue's "
        "start of a stage stands for. A judge that computes is done with a stage in a tenth of a second here.\n"
    )


def _is_near(ratio: float) -> bool:
    return 0.75 <= ratio <= 1.25


def kernel_words() -> str:
    """What a process keeps of kernels."""
    kept = json.loads(MEASURED.read_text(encoding="utf-8"))["kernels"]
    return ", ".join(f"{mib:.0f} MiB after {count:,}" for count, mib in kept)


def scale_page() -> str:
    """The page."""
    usable = DEVICES["H100"].usable_bytes or 0.0
    parts = [
        HEAD,
        f"### GiB on each device\n\nComputed: {TOKENS:,} packed tokens at once, full training in float32 with bfloat16 "
        f"autocast, adapters of rank {RANK} on all linear layers of a base in bfloat16; with / without checkpointing, "
        "on 1, 8 and 64 devices that share the layers of what is trained as `--shard-layers` does: embeddings, heads "
        "and frozen models are whole on each. Adapters in float32 on a base in bfloat16 are not shared, nor is what a "
        "stage holds that does not train. An H100 has "
        f"{usable / 2**30:.0f} GiB for it.\n",
        memory_table(),
        "### The fewest devices\n\nComputed, with checkpointing, of devices with "
        f"{USABLE:.0%} of the reported memory usable. *None* is more than 64.\n",
        fit_table(),
        f"## Time\n\nDevice-hours of one epoch of {PAIRS.examples:,} pairs of {PAIRS.packed:g} packed tokens, with "
        "checkpointing: operations computed, rates stated, the share of them assumed.\n",
        time_table(),
        "## Devices\n\nGiB as nvidia-smi reports them; rates as the makers state them: figures with sparsity are "
        "halved, links are of one direction. A record counts as of such a device where torch's name of the card is the "
        "same as a whole: another form factor, or another memory, is another device.\n",
        device_table(),
        "## The queue\n\nSimulated: 1,000 cells (50 groups of 4 methods and 5 seeds, 5,000 stages of 3 to 30 minutes, "
        "checkpoints every 5 minutes) in the scheduler's own order (`run.order`), a loss noticed after a minute. The "
        "numbers are useful time over the time of all devices; 1 is linear. The scheduler records a stage that is lost "
        "as failed, and the command goes on with it when it is run again; the simulation begins it again at once.\n",
        queue_table(),
        "What limits is start-up, not the order: two minutes for each stage cost a tenth, so engines and models stay "
        "in their workers. Every card may hold an engine; with one for all, the rest would wait for it.\n",
        *ray_section(table),
        "## What was measured against what was computed\n",
        *measured_table(),
        "The rate of each process is that of its first stage of the same precision, with adapters or without, so the "
        "others show whether operations predict time. Training of adapters has a rate of its own: beside each product "
        "it passes several times over its result; at this width one rate for both would be wrong by a quarter to a "
        "half. bfloat16 has one, too. So stages of one precision say nothing of another, and nothing on this page "
        "shows that a rate holds on another machine.\n\n"
        "A process that keeps what is freed has room before a stage begins, so what a stage adds to it says little: no "
        "memory is shown there. The first score of a process counts code that is loaded for it. The first stage under "
        "autocast is larger, and *again* in the same process, with the same shapes, it is its tensors: torch's library "
        "for products compiles a kernel for each shape in bfloat16 and keeps the latest 1,024. A process that does "
        f"nothing but one product with ever more rows keeps {kernel_words()} shapes. None of it depends on the size of "
        "the model, and float32 has none. Most microbatches have a number of tokens of their own, so what is computed "
        f"of the first stage under autocast has {KERNEL_BYTES / 2**20:.2f} MiB for each microbatch and each size of a "
        "linear layer, and two more where gradients are taken; of stages after it in this process it has none, since "
        "their shapes are the same. Ray is asked for that, too, of a host, and for "
        f"{KERNELS * KERNEL_BYTES / 2**20:.0f} MiB of it at most.\n",
        *whole_stages(),
    ]
    return "\n".join(parts)
