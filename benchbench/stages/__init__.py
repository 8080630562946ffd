"""Room of stage kinds: a folder each, with `settings.py` and `run.py`; found by folder name, listed nowhere."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core import room
from benchbench.core.errors import unknown_name
from benchbench.core.identity import restore
from benchbench.core.records import StageSpec

if TYPE_CHECKING:
    from benchbench.stages.settings import StageRun, StageSettings


def kinds() -> tuple[str, ...]:
    """Names of all kinds of stage, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__], folders_alone=True)


def settings_class(kind: str) -> type[StageSettings]:
    """The class of a kind's settings.

    Raises:
        BenchError: there is no such kind.
    """
    return _module(kind, "settings").SETTINGS


def run_class(kind: str) -> type[StageRun]:
    """The class of what is recorded beside a kind's settings.

    Raises:
        BenchError: there is no such kind.
    """
    return _module(kind, "settings").RUN


def runner(kind: str) -> Callable[[Any], Any]:
    """The function that runs a stage of a kind, given its context; torch is imported here."""
    return _module(kind, "run").run


def read_spec(values: Mapping[str, Any]) -> StageSpec:
    """A stage with typed settings from what `StageSpec.as_json` gave.

    Raises:
        BenchError: there is no such kind.
        pydantic.ValidationError: settings that are not this kind's.
    """
    settings, run = settings_class(values["kind"]), run_class(values["kind"])
    return StageSpec(
        values["kind"],
        values["title"],
        settings.model_validate_json(json.dumps(restore(settings, values["settings"]))),
        dict(values["inputs"]),
        run.model_validate_json(json.dumps(values["run"])),
    )


def _module(kind: str, name: str) -> Any:
    if kind not in kinds():
        raise unknown_name("kind of stage", kind, kinds())
    return importlib.import_module(f"{__name__}.{kind}.{name}")
