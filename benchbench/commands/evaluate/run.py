"""`bench eval`: measurements of finished cells, or of a model that was trained elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from benchbench.commands.cell_rows import measure_cells, scored_cell
from benchbench.commands.evaluate.adapters import whole_weights
from benchbench.commands.resolve import CHECKS, parse_seeds, resolve
from benchbench.commands.run_plan import RunOptions, Session, incomplete, open_session, run_session
from benchbench.comparison.pairs.grid import MissingRunsError
from benchbench.core.errors import BenchError
from benchbench.data.model_files import is_adapters_alone
from benchbench.data.tokenizer_files import TOKENIZER_PATTERNS
from benchbench.plan.weights import WEIGHT_PATTERNS, resolve_folder
from benchbench.recipe import library
from benchbench.recipe.load import Loaded, load_untuned
from benchbench.recipe.method_file import split_method_file
from benchbench.recipe.overrides import Override, parse_overrides

EXTERNAL = "external"
"""Method name of models that were trained elsewhere."""
_TOKENIZER_KEYS = ("model.tokenizer_name_or_path", "model.tokenizer_revision", "model.train_tokenizer")


@dataclass(frozen=True)
class Evaluated:
    """What a target was measured at."""

    frame: pd.DataFrame
    """A row per seed, metric and scoring."""
    headline: tuple[str, str]
    """(metric, scoring) that the setting decides by."""


def evaluate(
    target: str,
    *,
    setting: str | None,
    seeds: Sequence[str] | None,
    overrides: Sequence[str],
    options: RunOptions,
    console: Console,
) -> Evaluated:
    """Measurements of a recipe's finished cells, of a model folder, or of `hub_id@revision`.

    A recipe is never trained here; a model from elsewhere is scored as method `external`.

    Raises:
        BenchError: exit code 4 for cells that are not finished, 5 for a model that cannot be had.
    """
    parsed = parse_overrides(overrides)
    refuse_seeds(target, seeds)
    if _external(target) is None:
        return _finished(resolve(target, setting=setting, overrides=parsed), parse_seeds(seeds), options)
    session = external_session(target, setting, parsed, options)
    ran = run_session(session, options, console)
    error = incomplete(session, options.store, ran)
    if error is not None:
        raise error
    measured = _measure(session, options)
    named = {"recipe": target, "method": EXTERNAL, "paper": "", "seed": "", "overrides": " ".join(sorted(overrides))}
    return replace(measured, frame=measured.frame.assign(**named))


def refuse_seeds(target: str, seeds: Sequence[str] | None) -> None:
    """Refuse seeds for the scores of a model from elsewhere, on which nothing is drawn.

    Raises:
        BenchError: exit code 2.
    """
    if seeds and is_external(target):
        raise BenchError(f"--seeds: not read, since {target} is one model and scoring it draws nothing; leave it out")


def is_external(target: str) -> bool:
    """Whether a target is a model folder or a hub id with its revision, not a recipe.

    Raises:
        BenchError: a folder without a model, or a hub id without a revision.
    """
    return _external(target) is not None


def external_session(
    target: str,
    setting: str | None,
    overrides: Sequence[Override],
    options: RunOptions,
    *,
    with_samples: bool = False,
    seeds: Sequence[int] = (0,),
) -> Session:
    """The scoring of a model that was trained elsewhere, as a session of one cell for each seed.

    Args:
        target: model folder, or hub id with its revision; adapters alone are merged into their base first.
        setting: name or path; required, since nothing about the model says on which data it is to be measured.
        overrides: `--set` values; the tokenizer is the model's own unless they name one.
        options: of the run.
        with_samples: plan its responses, too, where the setting has them drawn; nobody judges them.
        seeds: that responses are drawn with; nothing else depends on them.

    Raises:
        BenchError: no setting is given; the target is no model folder and no hub id with a revision, or cannot be had.
    """
    model = _external(target)
    if model is None:
        raise BenchError(f"{target}: expected a model folder, or a hub id with its revision")
    if setting is None:
        raise BenchError(_no_setting(target))
    adapters = _adapters(target, options)
    if adapters is not None:
        model = _external(str(whole_weights(adapters, options.store.root, again=options.verify))) or model
    base = library.find_setting(setting)
    named = {key for key in _TOKENIZER_KEYS for override in overrides if f"{override.key}.".startswith(f"{key}.")}
    model = tuple(override for override in model if override.key not in named)  # asked for, so not the folder's own
    loaded = load_untuned(base, "sft", overrides=(*overrides, *model, Override("judge", None)), checks=CHECKS)
    return open_session([loaded], seeds, options, with_samples=with_samples)


def _no_setting(target: str) -> str:
    """Why a model from elsewhere needs a setting, and where one comes from."""
    settings = ", ".join(sorted({entry.setting_name for entry in library.entries() if entry.is_setting}))
    return (
        f"--setting: required for a model from elsewhere, not given: held-out data, template and lengths are a "
        f"setting's; name one ({settings}, or a file), or write one for this model with "
        f"`bench init --model {target} --data FILE`"
    )


def _adapters(target: str, options: RunOptions) -> Path | None:
    """The folder of a model from elsewhere that is adapters alone, be it on the hub; none for any other."""
    folder = Path(target)
    if not folder.is_dir():
        name, _, revision = target.partition("@")
        patterns, root, again = WEIGHT_PATTERNS + TOKENIZER_PATTERNS, options.store.root, options.verify
        try:
            folder = resolve_folder(name, revision, Path(), patterns=patterns, where=target, root=root, again=again)
        except BenchError:
            return None  # preparing the session says so, together with all else that is missing
    return folder if is_adapters_alone(folder) else None


def _external(target: str) -> tuple[Override, ...] | None:
    """Overrides that put a model from elsewhere in the place of the setting's own, without any training."""
    if split_method_file(target) is not None:
        return None
    path = Path(target)
    name, at, revision = target.partition("@")
    values: dict[str, Any] = {}
    if path.is_dir():
        if not (path / "config.json").is_file() and not is_adapters_alone(path):
            raise BenchError(f"{target}: a folder without config.json; expected a model in the hub's format")
        values = {"model_name_or_path": str(path.resolve()), "revision": None}
    elif at and name.count("/") == 1 and not name.startswith((".", "/")):
        values = {"model_name_or_path": name, "revision": revision}
    else:
        if name.count("/") == 1 and not library.looks_like_path(name.split("/")[1]) and not target.endswith(".yaml"):
            raise BenchError(f"{target}: no such folder; a hub id needs its revision, as in {target}@COMMIT")
        return None
    values |= {"tokenizer_name_or_path": None, "tokenizer_revision": None, "train_tokenizer": None}
    values |= {"from_config": None}
    changed = tuple(Override(f"model.{key}", value) for key, value in values.items())
    return (*changed, Override("sft", None), Override("lora", None), Override("reward_model", None))


def _finished(loaded: Loaded, seeds: tuple[int, ...] | None, options: RunOptions) -> Evaluated:
    session = open_session([loaded], seeds or loaded.recipe.seeds.list, options)
    missing = session.plan.unfinished(options.store.is_done)
    if missing:
        raise MissingRunsError([(cell.loaded.label, cell.seed) for cell in missing])
    return _measure(session, options)


def _measure(session: Session, options: RunOptions) -> Evaluated:
    scored = [scored_cell(cell, options.store, cell.loaded.recipe.score.split) for cell in session.cells]
    return Evaluated(measure_cells(session.cells, scored), session.cells[0].loaded.recipe.headline)
