"""Our stages against the versions that the published numbers name: TRL 1.0.0, transformers 5.5.0, peft 0.18.1.

Those do not install beside what benchbench needs, so what they gave is kept in `published/fixtures.*`, made by
`published/make_fixtures.py`. Here the shipped setting `pythia410m_ultrafeedback` runs on the same toy weights and rows,
through plan, data layer and stages; only weights are put in by hand. Two runs: float32, where formulas show, and the
published precisions with the published rates.

**Gradients of the published stack are divided twice.** transformers 5.5.0 divides a microbatch's loss by the number
of microbatches (or by the step's tokens) and then tells accelerate of that number too, whose `backward` divides once
more. The logged loss is right; gradients and logged norms are too small by it: by 8 in the published SFT and reward
model, by 16 in DPO and DDO-RM, by 2 here. Adam does not see the factor, but clipping and epsilon do; the recipes say it
with `gradient_divisor`.

**Bits of bfloat16.** Token log-probabilities are the same to the bit however a row is padded, but on a CPU the bfloat16
sum over a row depends on the row's width in memory, and attention on whether there is a mask at all. So the published
code disagrees with itself between batches (in 2 of 38 scores and 1 of 38 rewards here, by one unit in the last place of
the sum). Where it agrees with itself we agree with it to the bit; where not, we are at one of its two values, at every
batch size from 1 to 16. DPO's reference is scored once, in batches of its own, so its loss starts within rounding of
ln 2: 3e-9 off at the recipe's batch, 3e-5 at a batch of 1.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from .published import toy_neox

HERE = Path(__file__).parent / "published"
FIXTURES = json.loads((HERE / "fixtures.json").read_text(encoding="utf-8"))
ARRAYS = dict(np.load(HERE / "fixtures.npz"))
EVALUATION = FIXTURES["evaluation"]
STAGES = ("sft", "reward_model", "dpo", "ddo_rm")
SECTIONS = ("sft", "reward_model", "preference")
STEPS = 5
MICROBATCHES = 2
SAME_MACHINE = toy_neox.machine() == FIXTURES["machine"]
LOSS_ERROR, GRADIENT_ERROR, STEP_ERROR = 1e-5, 1e-4, 1e-4

pytestmark = pytest.mark.shared_data


@dataclass
class Seen:
    """What one optimizer run of ours did."""

    sequences: dict[str, list[str]] = field(default_factory=dict)
    """Row -> identity of each candidate's tokens and scored range."""
    bare: set[str] = field(default_factory=set)
    """Rows of which nothing is scored."""
    rows: list[str] = field(default_factory=list)
    """In the order in which they were trained on."""
    log: list[dict[str, float]] = field(default_factory=list)
    """Lines of train.jsonl."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """`gradient/NAME` of the first step, clipped; `weights/NAME` after five."""
    precisions: dict[str, list[str]] = field(default_factory=dict)
    head: list[float] = field(default_factory=list)
    """The reward head at the end."""


class Watch:
    """Stands in for `stages.fit.train`: puts the toy's weights in, runs the real loop, notes what it does.

    What is saved afterwards is again the toy's, so that each stage starts where that of the fixtures started.
    """

    def __init__(self, train: Any) -> None:
        self.train = train
        self.stage = ""
        self.seen: dict[str, Seen] = {}

    def __call__(self, job: Any) -> Any:
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        seen = self.seen[self.stage] = Seen()
        named = dict(job.model.named_parameters())
        if self.stage in ("sft", "reward_model"):
            toy_neox.fill(named, f"{self.stage} start")
        known = {toy_neox.canonical(name): p for name, p in named.items() if toy_neox.canonical(name) is not None}
        seen.precisions = precisions(job.model)
        self._read(job.rows.examples, seen)
        steps = 0

        def before(*_: Any) -> None:
            nonlocal steps
            steps += 1
            if steps == 1:
                seen.arrays |= {f"gradient/{n}": p.grad.detach().float().numpy().copy() for n, p in known.items()}

        def after(*_: Any) -> None:
            if steps == STEPS:
                seen.arrays |= {f"weights/{n}": p.detach().float().numpy().copy() for n, p in known.items()}

        def make_batch(examples: Sequence[Any], following: Sequence[Any]) -> Any:
            seen.rows += [example.id for example in examples]
            return job.make_batch(examples, following)

        hooks = [register_optimizer_step_pre_hook(before), register_optimizer_step_post_hook(after)]
        try:
            outcome = self.train(replace(job, make_batch=make_batch))
        finally:
            for hook in hooks:
                hook.remove()
        lines = (job.folder / "train.jsonl").read_text(encoding="utf-8").splitlines()
        seen.log = [json.loads(line) for line in lines]
        if "head" in known:
            seen.head = known["head"].detach().float().flatten().tolist()
        toy_neox.fill(named, self.stage)
        return outcome

    def _read(self, examples: Sequence[Any], seen: Seen) -> None:
        for example in examples:
            found = []
            for one in example.candidates:
                end = len(one.tokens)
                scored = (end, end) if self.stage == "reward_model" else one.response
                found.append(toy_neox.digest(one.tokens, scored))
                if one.response[0] >= one.response[1]:
                    seen.bare.add(example.id)
            seen.sequences[example.id] = found


def precisions(model: torch.nn.Module) -> dict[str, list[str]]:
    """Precision of the weights and of the rotary frequencies, by what they are."""
    found: dict[str, set[str]] = {}
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        known = toy_neox.canonical(name)
        other = "rotary" if "inv_freq" in name else "base"
        kind = other if known is None else "head" if known == "head" else "adapters"
        found.setdefault(kind, set()).add(str(tensor.dtype).removeprefix("torch."))
    return {kind: sorted(dtypes) for kind, dtypes in found.items()}


@dataclass(frozen=True)
class Ours:
    """What our stages made of the toy."""

    seen: Mapping[str, Seen]
    tables: Mapping[str, pd.DataFrame]
    """Title -> rows of the stages that score or reward."""


def run_ours(folder: Path, files: Mapping[str, str], *sets: str) -> Ours:
    """The stages of the shipped recipes on the toy, one by one in this process.

    Args:
        folder: of the model and of all runs.
        files: split -> file.
        sets: what a run changes.
    """
    from harness import execute

    from benchbench.commands.compare.run import CompareRequest, prepare_comparison
    from benchbench.commands.run_plan import RunOptions
    from benchbench.data import tokenizer
    from benchbench.models import load, reward_head
    from benchbench.stages import fit

    overrides = [
        f"model.model_name_or_path={folder / 'base'}",
        "model.revision=null",
        f"data={json.dumps({'source': 'local_files', 'options': {'files': dict(files)}})}",
        "sft.split=train",
        "sft.own_per_method=false",  # it would be the same one, trained again
        "lora.lora_dropout=0.0",
        f"tokenization.max_length={FIXTURES['max_length']['training']}",
        *(f"{section}.global_batch_size=4" for section in SECTIONS),
        *(f"{section}.per_device_train_batch_size={4 // MICROBATCHES}" for section in SECTIONS),
        *(f"{section}.gradient_divisor={MICROBATCHES}.0" for section in SECTIONS),
        *(f"{section}.logging_steps=1" for section in SECTIONS),
        *(f"{section}.tokens_per_microbatch=100000" for section in (*SECTIONS, "score")),  # theirs count examples alone
        *sets,
    ]
    torch.set_num_threads(1)
    options = RunOptions("cpu", runs=folder / "runs")
    request = CompareRequest(["dpo", "ddo_rm"], "pythia410m_ultrafeedback", ["42"], overrides=overrides)
    plan = prepare_comparison(request, options).session.plan
    tables, renamed = {}, {}
    with pytest.MonkeyPatch.context() as patch:
        # theirs are padded, and bfloat16 numbers depend on the layout; that float32 ones do not, tests/models shows
        for module in (load, reward_head):
            patch.setattr(module, "use_packed_rows", lambda model: None)
        patch.setattr(tokenizer, "read_tokenizer", reading_once())
        watch = Watch(fit.train)
        patch.setattr(fit, "train", watch)
        for key, spec in plan.stages.items():
            if spec.title.startswith(("score dpo", "score ddo_rm")):
                continue  # of the policies only that of SFT is scored
            inputs = {name: renamed.get(needed, needed) for name, needed in spec.inputs.items()}
            spec = replace(spec, inputs=inputs)
            renamed[key] = spec.key
            watch.stage = spec.title.split(" ")[0] if spec.kind == "preference" else spec.kind
            record = execute(spec, options.store, device="cpu")
            assert record.status == "done", record.message
            if spec.kind in ("score", "reward"):
                tables[spec.title] = pd.read_parquet(options.store.folder(spec.key) / "rows.parquet")
    return Ours(watch.seen, tables)


def reading_once() -> Callable[..., Any]:
    """What reads a tokenizer once for all folders with the same files: one of 50,000 entries takes a second."""
    from benchbench.core.hashing import fingerprint
    from benchbench.data.tokenizer import read_tokenizer
    from benchbench.data.tokenizer_files import tokenizer_files

    kept: dict[str, Any] = {}

    def read(name: str, **options: Any) -> Any:
        key = fingerprint({file: path.read_text("utf-8") for file, path in tokenizer_files(Path(name)).items()})
        if key not in kept:
            kept[key] = read_tokenizer(name, **options)
        return kept[key]

    return read


def lay_out(folder: Path, shared: Path) -> dict[str, str]:
    """Write the model and the rows; split -> file."""
    toy_neox.write_model(folder / "base", shared)
    files = {}
    for split, names in (("train", toy_neox.TRAIN), ("test", toy_neox.TEST)):
        path = folder / f"{split}.jsonl"
        lines = [json.dumps(row) + "\n" for row in toy_neox.rows(names, shared)]
        path.write_text("".join(lines), encoding="utf-8")
        files[split] = str(path)
    return files


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> tuple[Path, dict[str, str]]:
    """The folder of the model and of all runs, which share the data that a plan prepares; split -> file."""
    folder = tmp_path_factory.mktemp("toy")
    return folder, lay_out(folder, shared)


@pytest.fixture(scope="module")
def plain(toy: tuple[Path, dict[str, str]]) -> Ours:
    """Everything in float32, at rates that lead somewhere in five steps."""
    rates = [FIXTURES["float32"][stage]["learning_rate"] for stage in ("sft", "reward_model", "dpo")]
    assert FIXTURES["float32"]["ddo_rm"]["learning_rate"] == rates[2]
    return run_ours(
        *toy,
        "model.dtype=float32",
        "reward_model.head_dtype=float32",
        "score.dtype=float32",
        *(f"{section}.bf16=false" for section in SECTIONS),
        *(f"{section}.learning_rate={rate}" for section, rate in zip(SECTIONS, rates, strict=True)),
    )


@pytest.fixture(scope="module")
def published(toy: tuple[Path, dict[str, str]]) -> Ours:
    """Precisions and rates as the recipes have them."""
    return run_ours(*toy)


@pytest.mark.parametrize("stage", STAGES)
def test_rows_are_joined_cut_masked_and_dropped_alike(plain: Ours, stage: str):
    """Of the reward model's pairs those go that have a side over the limit, whichever it is."""
    theirs, ours = FIXTURES["float32"][stage]["sequences"], plain.seen[stage].sequences
    assert ours == theirs
    names = [name.replace("/", " ") for name in toy_neox.TRAIN]
    assert set(ours) == set(names[:20] if stage == "reward_model" else names)


def test_a_prompt_that_fills_the_limit_keeps_its_row_where_nothing_is_cut_on_the_left(plain: Ours):
    full = {name.replace("/", " ") for name in toy_neox.TRAIN[-3:]}
    assert {stage: seen.bare for stage, seen in plain.seen.items()} == {
        "sft": full,
        "reward_model": set(),
        "dpo": full,
        "ddo_rm": set(),
    }


@pytest.mark.parametrize("stage", STAGES)
def test_rows_come_in_the_order_of_their_sampler(plain: Ours, stage: str):
    assert plain.seen[stage].rows == [row for step in FIXTURES["float32"][stage]["rows"] for row in step]


@pytest.mark.parametrize("stage", STAGES)
def test_the_rate_falls_alike(plain: Ours, stage: str):
    ours = [line["learning_rate"] for line in plain.seen[stage].log]
    assert ours == pytest.approx(FIXTURES["float32"][stage]["rates"], rel=1e-12)


def relative(found: np.ndarray, expected: np.ndarray, scale: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(scale))


def tensors_of(stage: str, kind: str) -> Iterator[tuple[str, np.ndarray]]:
    prefix = f"{stage}/{kind}/"
    found = [(name.removeprefix(prefix), array) for name, array in ARRAYS.items() if name.startswith(prefix)]
    assert len(found) == 16 + (stage == "reward_model")  # A and B of four matrices in two layers, and the head
    yield from found


@pytest.mark.parametrize("stage", STAGES)
def test_the_first_loss_and_its_gradient_are_theirs(plain: Ours, stage: str):
    theirs, ours = FIXTURES["float32"][stage], plain.seen[stage]
    assert theirs["backward_divides_by"] == MICROBATCHES
    assert ours.log[0]["loss"] == pytest.approx(theirs["losses"][0], rel=LOSS_ERROR)
    assert ours.log[0]["grad_norm"] == pytest.approx(theirs["grad_norms"][0], rel=GRADIENT_ERROR)
    for name, gradient in tensors_of(stage, "gradient"):
        found = ours.arrays[f"gradient/{name}"]
        assert relative(found, gradient, gradient) <= GRADIENT_ERROR, name


@pytest.mark.parametrize("stage", STAGES)
def test_five_steps_lead_to_the_same_weights(plain: Ours, stage: str):
    """The error is relative to the distance that the weights moved, not to their size."""
    theirs, ours = FIXTURES["float32"][stage], plain.seen[stage]
    losses, norms = ([line[key] for line in ours.log[:STEPS]] for key in ("loss", "grad_norm"))
    assert losses == pytest.approx(theirs["losses"][:STEPS], rel=STEP_ERROR)
    assert norms == pytest.approx(theirs["grad_norms"][:STEPS], rel=STEP_ERROR)
    start = "sft" if stage in ("dpo", "ddo_rm") else f"{stage} start"
    for name, weights in tensors_of(stage, "weights"):
        way = weights - toy_neox.values(start, name, weights.shape)
        assert np.abs(way).max() > 1e-3
        assert relative(ours.arrays[f"weights/{name}"], weights, way) <= STEP_ERROR, name


def test_their_gradient_is_too_small_by_the_number_of_microbatches():
    """The same four pairs in one microbatch have the same loss and a gradient twice as large."""
    once, twice = FIXTURES["dpo_without_accumulation"], FIXTURES["float32"]["dpo"]
    assert once["rows"] == twice["rows"][0]
    assert once["losses"] == pytest.approx(twice["losses"][0], rel=1e-6)
    assert once["grad_norms"] == pytest.approx(MICROBATCHES * twice["grad_norms"][0], rel=1e-5)


@pytest.mark.parametrize("stage", STAGES)
def test_adapters_are_float32_on_bfloat16_weights_and_the_head_is_bfloat16(published: Ours, stage: str):
    theirs = {k: v for k, v in FIXTURES["bfloat16"][stage]["precisions"].items() if k != "reference"}
    assert published.seen[stage].precisions == theirs
    assert theirs["adapters"] == theirs["rotary"] == ["float32"]
    assert theirs["base"] == ["bfloat16"]
    assert theirs.get("head") == (["bfloat16"] if stage == "reward_model" else None)


@pytest.mark.parametrize(("stage", "error"), [("sft", 1e-6), ("reward_model", 1e-6), ("dpo", 1e-4), ("ddo_rm", 1e-5)])
def test_in_the_published_precisions_losses_are_theirs_but_for_rounding(published: Ours, stage: str, error: float):
    """DPO and DDO-RM read a reference and rewards that were made in other batches, hence may be rounded otherwise."""
    ours = [line["loss"] for line in published.seen[stage].log]
    assert ours == pytest.approx(FIXTURES["bfloat16"][stage]["losses"], rel=error if SAME_MACHINE else 1e-2)


def test_in_the_published_precisions_dpo_starts_at_ln_2(published: Ours):
    assert published.seen["dpo"].log[0]["loss"] == pytest.approx(math.log(2), rel=1e-4 if SAME_MACHINE else 1e-3)


def test_most_of_the_bfloat16_head_cannot_move(published: Ours):
    """At the published rate, after five steps, the same coordinates have moved to the same values as published."""
    theirs, ours = FIXTURES["bfloat16"]["reward_model"]["head"], published.seen["reward_model"].head
    assert ours == (theirs if SAME_MACHINE else pytest.approx(theirs, rel=1e-2))
    start = torch.from_numpy(toy_neox.values("reward_model start", "head", (1, len(theirs)))).bfloat16()
    assert (np.array(theirs) == start.float().flatten().numpy()).mean() > 0.5


@pytest.mark.parametrize("side", ["chosen", "rejected"])
@pytest.mark.parametrize(
    ("title", "what"), [("score sft seed 42 on test", "logp_mean"), ("rewards seed 42 on test", "reward")]
)
def test_the_evaluation_is_theirs_to_the_bit(published: Ours, title: str, what: str, side: str):
    table = published.tables[title]
    ours = table[table["candidate"] == ("chosen", "rejected").index(side)].set_index("example")[what]
    assert sorted(ours.index) == sorted(EVALUATION["ids"])
    alone, batched = (EVALUATION[how][side][what] for how in ("alone", "batched"))
    for name, *theirs in zip(EVALUATION["ids"], alone, batched, strict=True):
        if SAME_MACHINE:
            assert float(ours[name]) in theirs, name
        else:
            assert float(ours[name]) == pytest.approx(theirs[0], rel=0.02, abs=0.02), name
    assert sum(a == b for a, b in zip(alone, batched, strict=True)) >= len(alone) - 2


@pytest.mark.parametrize("side", ["chosen", "rejected"])
def test_the_evaluation_scores_as_many_tokens_as_theirs(published: Ours, side: str):
    """The mask of the uncut prompt included, which leaves one token of a prompt that fills the limit."""
    table = published.tables["score sft seed 42 on test"]
    ours = table[table["candidate"] == ("chosen", "rejected").index(side)].set_index("example")["n_tokens"]
    assert ours[EVALUATION["ids"]].tolist() == EVALUATION["tokens"][side]
    assert EVALUATION["tokens"][side][-4:] == [1, 1, 1, 1]
