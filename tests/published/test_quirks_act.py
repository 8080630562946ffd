"""What three quirks do, in the stages that the published and the matched recipes plan; no weights are trained.

Each test fails when the quirk is off in the published recipe, or on in the matched one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from data.tokenizers import bytes_with
from harness import ROOT

from benchbench.batches.order import plan_batches
from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.records import StageSpec
from benchbench.data.tokenized import TokenizedExample
from benchbench.stages.context import StageContext

from .build import published_form, replacements, write_dataset, write_model

SETTINGS = {"published": "pythia410m_ultrafeedback", "matched": "pythia410m_ultrafeedback_matched"}
SEEDS = (42, 13)
LONG = 700
"""Characters, which are tokens here, of a prompt and of a response that together pass every maximum length."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model and rows: one pair that is too long on one side, and short ones."""
    folder = tmp_path_factory.mktemp("quirks")
    write_model(folder / "model", bytes_with(pad_token="<s>"), hidden=8, layers=1)
    long = {"id": "long", "prompt": "p" * LONG, "chosen": "c" * LONG, "rejected": "short"}
    short = [{"id": f"short-{i}", "prompt": f"ask {i}", "chosen": f"yes {i}", "rejected": f"no {i}"} for i in range(7)]
    rows = [published_form(row) for row in (long, *short)]
    write_dataset(folder / "data", dict.fromkeys(("train_sft", "train_prefs", "test_prefs"), rows))
    return folder


Stages = Callable[[str, str], list[StageContext]]


@pytest.fixture(scope="module")
def stages(folder: Path) -> Stages:
    """The contexts of one kind of stage in the comparison of DPO and DDO-RM, published or matched."""
    options = RunOptions("cpu", runs=folder / "runs")
    sets = [*replacements(folder), "model.pad_token=<s>"]
    plans = {
        which: prepare_comparison(
            CompareRequest(["dpo", "ddo_rm"], name, [str(seed) for seed in SEEDS], overrides=sets), options
        ).session.plan
        for which, name in SETTINGS.items()
    }

    def of(which: str, kind: str) -> list[StageContext]:
        return [context(spec, options.store.root) for spec in plans[which].stages.values() if spec.kind == kind]

    return of


def context(spec: StageSpec, root: Path) -> StageContext:
    return StageContext(spec, root / spec.key, root, torch.device("cpu"), lambda _: None, lambda: False)


def examples(one: StageContext) -> dict[str, TokenizedExample]:
    found: Any = one.tokenized(one.tokenizer(), on_empty="keep_constant", keep_all=True)
    return {example.id: example for example in found.examples}


@pytest.mark.parametrize("which", SETTINGS)
def test_a_sequence_cut_on_the_left_loses_scored_tokens_only_as_published(stages: Stages, which: str):
    held_out = [one for one in stages(which, "score") if one.settings.data.split == "test"]
    assert len(held_out) >= 4
    for one in held_out:
        chosen = examples(one)["long"].candidates[0]
        begin, end = chosen.response
        cut = 2 * LONG - len(chosen.tokens)
        assert cut > 0, "the sequence was cut"
        if which == "published":
            assert chosen.overlong and LONG + 1 - (end - begin) >= cut, "as many tokens lose their score as were cut"
        else:
            assert not chosen.overlong and end - begin == LONG + 1, "every response token and EOS is scored"


@pytest.mark.parametrize("which", SETTINGS)
def test_the_reward_model_is_trained_with_eos_and_scored_without_only_as_published(stages: Stages, which: str):
    def ends_with_eos(one: StageContext) -> set[bool]:
        eos = one.tokenizer().eos_token_id
        short = [example for name, example in examples(one).items() if name.startswith("short")]
        return {candidate.tokens[-1] == eos for example in short for candidate in example.candidates}

    for one in stages(which, "reward_model"):
        assert ends_with_eos(one) == {True}
    scored = stages(which, "reward")
    assert len({one.settings.data.split for one in scored}) == 2, "training pairs and held-out ones"
    for one in scored:
        assert ends_with_eos(one) == {which == "matched"}


@pytest.mark.parametrize("which", SETTINGS)
@pytest.mark.parametrize("kind", ["sft", "reward_model", "preference"])
def test_data_order_follows_the_seed_only_in_the_matched_setting(stages: Stages, which: str, kind: str):
    def order(one: StageContext) -> str:
        training = one.settings.training
        return str(
            plan_batches(
                [1] * 64,
                batch=8,
                steps=8,
                seed=one.settings.order_seed,
                order=training.data_order,
                length_window=training.length_window,
            )
        )

    orders = {order(one) for one in stages(which, kind)}
    assert len(orders) == (1 if which == "published" else len(SEEDS))
    drawn = {one.settings.seed for one in stages(which, kind)}
    assert drawn == ({None} if kind == "preference" else set(SEEDS)), "initialisation has the seed in both"


def test_the_matched_default_is_the_published_comparison_with_every_quirk_removed(folder: Path):
    """The audit's last row and the matched setting plan the very same stages."""
    from benchbench.commands.quirks import ALL, QuirksRequest, prepare_audit

    options = RunOptions("cpu", runs=folder / "runs")
    sets = [*replacements(folder), "model.pad_token=<s>"]
    matched = prepare_comparison(
        CompareRequest(["dpo", "ddo_rm"], SETTINGS["matched"], ["42"], overrides=sets), options
    )
    audit = prepare_audit(QuirksRequest(["dpo", "ddo_rm"], SETTINGS["published"], ["42"], overrides=sets), options)
    (mended,) = [cells for removed, _, cells in audit.variants if removed == ALL]
    assert {cell.score for cell in mended} == {
        cell.score for cell in matched.session.cells if cell.loaded.recipe.method.name != "sft"
    }


def test_nobody_asks_whether_something_is_published():
    """A quirk is the value of a field; no branch in the code is about the paper."""
    for path in (ROOT / "benchbench").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "pythia410m_ultrafeedback" not in text.replace("--setting pythia410m_ultrafeedback", ""), path
        assert "if published" not in text and "is_published:" not in text, path
