"""`bench export model`: the model of one finished run, as a folder that transformers and peft load, with its card."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchbench.commands.cell_rows import described
from benchbench.commands.export.measured import card_measurements
from benchbench.commands.export.run import Exported
from benchbench.commands.run_plan import RunOptions
from benchbench.commands.run_target import RunTarget, finished_stage, planned_run
from benchbench.core.errors import BenchError
from benchbench.core.identity import plain
from benchbench.data.json_files import object_in
from benchbench.data.model_files import ADAPTER_FILE, is_adapters_alone
from benchbench.report.card_facts import CardFacts, CardRecipe
from benchbench.report.model_card import FILE, model_card
from benchbench.store.files import copy_tree, whole_folder, write_json
from benchbench.store.stage_files import StageFiles

if TYPE_CHECKING:
    from huggingface_hub import ModelCard

BASE = "base_model_name_or_path"


@dataclass(frozen=True)
class ModelRequest:
    """Which model goes where."""

    targets: Sequence[str]
    out: Path
    setting: str | None = None
    seed: str | None = None
    overrides: Sequence[str] = ()
    merge: bool = False
    """Add adapters to their base, for readers of whole weights."""


def export_model(request: ModelRequest, options: RunOptions) -> Exported:
    """Copy a run's model with its tokenizer, merge it where that is asked for, and write its card; all or nothing.

    Raises:
        BenchError: not one method, a folder that is not empty, adapters that are not there to merge; exit code 4 for a
            run that is not finished.
    """
    if len(request.targets) != 1:
        raise BenchError(
            f"export model: expected one method or recipe, got {len(request.targets)}; export each by itself"
        )
    refuse_filled(request.out)
    run = planned_run(
        request.targets[0], setting=request.setting, seed=request.seed, overrides=request.overrides, options=options
    )
    stage = finished_stage(run, options)
    model = stage.folder / "model"
    is_adapter = is_adapters_alone(model)
    if request.merge and not is_adapter:
        raise BenchError(f"--merge: {run.name} has whole weights already, and no adapters to merge; leave it out")
    card = model_card(_facts(run, stage, request, options, is_adapter=is_adapter and not request.merge))
    out = _made_room(request.out)
    if request.merge:
        _merge(run, model, out, card)
        notes = []
    else:
        with whole_folder(out) as draft:
            copy_tree(model, draft)
            notes = _name_base(run, draft, out) if is_adapter else []
            card.save(draft / FILE)
    return Exported(sorted(str(path) for path in out.rglob("*") if path.is_file()), notes)


def refuse_filled(out: Path) -> None:
    """Return only if a folder can be filled: it is not there, or empty.

    Raises:
        BenchError: what is there.
    """
    if out.is_file():
        raise BenchError(f"--out {out}: expected a new or empty folder, found a file; name another")
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if there:
        some = ", ".join(there[:3]) + (", ..." if len(there) > 3 else "")
        raise BenchError(
            f"--out {out}: expected a new or empty folder, found {len(there)} files or folders in it ({some}); name "
            "another, or remove it"
        )


def _made_room(out: Path) -> Path:
    """The place of the new folder; an empty one that is there goes, since the new one comes whole."""
    place = out.resolve()
    if place.is_dir():
        place.rmdir()
    return place


def _merge(run: RunTarget, adapters: Path, out: Path, card: ModelCard) -> None:
    """Write base plus adapters, with the tokenizer and the card."""
    from benchbench.data.tokenizer import load_tokenizer
    from benchbench.generation.merge import merge_adapter
    from benchbench.models.load import ModelSpec

    model = run.cell.loaded.recipe.model
    tokenizer = load_tokenizer(
        str(adapters), revision=None, pad_token=None, folder=Path(), trust_remote_code=model.trust_remote_code
    )
    spec = ModelSpec(model.model_dump(mode="json"), run.session.prepared[0].model_path)
    with TemporaryDirectory() as folder:
        card.save(Path(folder) / FILE)
        merge_adapter(adapters, spec, out, tokenizer=tokenizer, beside={FILE: Path(folder) / FILE})


def _name_base(run: RunTarget, draft: Path, out: Path) -> list[str]:
    """Have adapters name their base as others find it: by its id on the hub; what a reader must do elsewhere."""
    model = run.cell.loaded.recipe.model
    config = object_in(draft / ADAPTER_FILE)
    if model.revision is None:
        return [
            f"{out / ADAPTER_FILE}: the base model is named by its folder on this machine ({config.get(BASE)}); "
            "elsewhere write its place there, or export with --merge"
        ]
    write_json(draft / ADAPTER_FILE, config | {BASE: model.model_name_or_path, "revision": model.revision})
    return []


def _facts(
    run: RunTarget, stage: StageFiles, request: ModelRequest, options: RunOptions, *, is_adapter: bool
) -> CardFacts:
    """Everything that is known of the model now."""
    assert stage.record is not None, "only finished models are exported"
    cell = run.cell
    keys = (cell.score, cell.reference, cell.reward)
    is_scored = all(options.store.is_done(key) for key in keys if key is not None)
    notes = [] if is_scored else ["None: its scores were not finished when it was exported; `bench train` makes them"]
    return CardFacts(
        title=f"{run.name} on {cell.loaded.recipe.setting}",
        key=stage.key,
        settings=stage.spec.settings,
        packages=stage.record.environment.get("packages", {}),
        summary=stage.record.summary,
        tokens=stage.record.tokens,
        is_adapter=is_adapter,
        start=stage.spec.inputs.get("policy", ""),
        is_merged=request.merge,
        recipe=_recipe(run, request),
        measurements=card_measurements(cell, options.store) if is_scored else (),
        notes=notes,
    )


def _without_folder(text: str) -> str:
    """A target, or `key=value`, whose absolute path is cut to its name: a card holds no place of one machine."""
    key, equals, value = text.rpartition("=")
    return f"{key}{equals}{Path(value).name if Path(value).is_absolute() else value}"


def _recipe(run: RunTarget, request: ModelRequest) -> CardRecipe:
    loaded = run.cell.loaded
    recipe, model = loaded.recipe, loaded.recipe.model
    words = ["bench", "train", *map(_without_folder, request.targets)]
    changes = [*map(_without_folder, request.overrides)]
    words += ["--setting", Path(request.setting).name] if request.setting else []
    words += ["--seeds", str(run.cell.seed), *(word for text in changes for word in ("--set", text))]
    options: Mapping[str, Any] = plain(loaded.bound["data.options"])
    base = model.model_name_or_path or ""
    return CardRecipe(
        label=loaded.label,
        setting=recipe.setting,
        notice=recipe.notice,
        paper=str(described(loaded).paper),
        base=base if model.revision else Path(base).name,
        base_revision=model.revision or "",
        source=recipe.data.source,
        options=options,
        recipe_hash=loaded.recipe_hash,
        untuned=loaded.untuned,
        command=shlex.join(words),
        starts=[training.loaded.label for training in run.cell.trainings[1:]],
    )
