"""Files that stages read where a recipe names them: models, tokenizers, templates and what judges read.

A lock file has the path and the content that was planned. What is gone says nothing of the stages that read it; a file
that changed and that later stages were planned with is what these read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchbench import judges, oracles
from benchbench.core.errors import BenchError
from benchbench.core.judge import Judge
from benchbench.core.oracle import Oracle
from benchbench.data.files import content_hash
from benchbench.data.hub_cache import is_in_cache
from benchbench.data.model_files import weights_hash
from benchbench.data.tokenizer import load_tokenizer, tokenizer_hash
from benchbench.recipe.binding import bind

_MAY_NAME = re.compile(r"^ +(?:model_path|tokenizer_path|chat_template|(?:identity|pins):\n +\w+): (?!null$)", re.M)
"""A line of a lock file without which nothing is named; most have a tokenizer alone, which lies below `runs/`."""


@dataclass(frozen=True)
class NamedFile:
    """A file or folder, and whether it still is what stages were planned with."""

    path: str
    faults: list[str]
    readers: list[str]
    """Keys of the stages that were planned with it, as it is or was."""


@dataclass(frozen=True)
class _PlannedFile:
    """What one stage was planned with."""

    path: str
    what: str
    content: str
    read: Callable[[], str]
    """Gives the content that is there now, as the plan did."""


def named_files(locks: Mapping[str, Mapping[str, Any]], runs: Path) -> Iterator[NamedFile]:
    """Every file and folder that is there, read again.

    Args:
        locks: key of a stage -> what its lock file says.
        runs: their folder; what lies below it is verified for itself, as the hub's cache is.
    """
    uses: dict[tuple[str, str], dict[str, tuple[_PlannedFile, list[str]]]] = {}
    for key, lock in locks.items():
        for use in _uses(lock):
            if _is_elsewhere(Path(use.path), runs):
                uses.setdefault((use.path, use.what), {}).setdefault(use.content, (use, []))[1].append(key)
    for (path, what), by_content in uses.items():
        use = next(iter(by_content.values()))[0]
        try:
            present = use.read()
        except BenchError as error:
            faults = [str(error)]
        else:
            expected = " or ".join(content[:12] for content in by_content)
            fault = f"{what}: expected the content {expected}, found {present[:12]}; bring it back"
            faults = [] if present in by_content else [fault]
        yield NamedFile(path, faults, [key for _, keys in by_content.values() for key in keys])


def may_name_files(text: str, runs: Path) -> bool:
    """Whether a lock file's text has to be read for what it names; most of them name nothing."""
    named = (text[match.end() :].partition("\n")[0] for match in _MAY_NAME.finditer(text))
    return any(str(runs.absolute()) not in path and str(runs.resolve()) not in path for path in named)


def _is_elsewhere(path: Path, runs: Path) -> bool:
    below = any(path.is_relative_to(root) for root in (runs.absolute(), runs.resolve()))
    return os.path.exists(path) and not below and not is_in_cache(path)


def _uses(lock: Mapping[str, Any]) -> Iterator[_PlannedFile]:
    settings, run = _section(lock, "settings"), _section(lock, "run")
    model, template = _section(settings, "model"), _section(settings, "tokenization").get("chat_template")
    trusted = bool(model.get("trust_remote_code"))
    if (path := run.get("model_path")) and model.get("weights"):
        read = partial(weights_hash, Path(path), trust_remote_code=trusted)
        yield _PlannedFile(path, "weights", str(model["weights"]), read)
    if (path := run.get("tokenizer_path")) and model.get("tokenizer") and not trusted:  # no code is run to verify
        yield _PlannedFile(
            path, "tokenizer", str(model["tokenizer"]), partial(_tokenizer, path, model.get("pad_token"))
        )
    if (path := run.get("chat_template")) and template:
        yield _PlannedFile(path, "chat template", str(template), partial(content_hash, Path(path)))
    try:
        yield from _pinned(settings, run)
    except (BenchError, KeyError, TypeError):  # of another version, or with what is no longer there
        return


def _pinned(settings: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[_PlannedFile]:
    """What a judge, or an oracle that asks one, reads of files."""
    of_judge, of_oracle = _section(settings, "judge"), _section(settings, "oracle") or _oracle_of(settings)
    pins = of_judge.get("identity") or of_oracle.get("pins")
    values, folder = run.get("options") or run.get("oracle_options"), run.get("folder")
    if not pins or values is None or folder is None:
        return
    exhibit: Judge | Oracle = judges.get(of_judge["name"]) if of_judge else oracles.get(of_oracle["name"])
    options, _ = bind(exhibit.options, values, where="options")
    if options is None:
        return
    judge, judge_options = (exhibit, options) if isinstance(exhibit, Judge) else _judge_of(exhibit, options)
    for pin, option in judge.pinned_by.items() if judge else ():
        name = getattr(judge_options, option, None)
        if pin in pins and name is not None:
            yield _PlannedFile(os.path.join(folder, name), pin, pins[pin], partial(_pin, exhibit, options, folder, pin))


def _judge_of(oracle: Oracle, options: Any) -> tuple[Judge | None, Any]:
    return (None, None) if oracle.judge_of is None else oracle.judge_of(options)


def _pin(exhibit: Judge | Oracle, options: Any, folder: str, pin: str) -> str:
    return str(exhibit.identity(options, Path(folder)).get(pin))


def _tokenizer(path: str, pad_token: str | None) -> str:
    return tokenizer_hash(load_tokenizer(path, revision=None, pad_token=pad_token, folder=Path()))


def _oracle_of(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return _section(_section(settings, "online"), "oracle")


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name)
    return section if isinstance(section, dict) else {}
