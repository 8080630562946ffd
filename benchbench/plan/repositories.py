"""Which repositories a recipe reads, and what they hold on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchbench import judges, oracles, sources
from benchbench.core.errors import BenchError
from benchbench.core.judge import Judge
from benchbench.core.repository import Kind, Repository
from benchbench.data.hub_access import local_folder
from benchbench.data.hub_cache import AGAIN, HashedFile, read_files, snapshot_folder
from benchbench.data.hub_verified import CachedRevision
from benchbench.data.tokenizer_files import TOKENIZER_PATTERNS
from benchbench.plan.weights import WEIGHT_PATTERNS
from benchbench.recipe.binding import bind
from benchbench.recipe.load import Loaded


def repositories(loaded: Loaded) -> dict[str, Repository]:
    """`weights`, `tokenizer` and `data` -> the repository they are from; a part that is from none is left out.

    A part whose repository cannot be determined, such as a folder that is not there, is left out too: preparing the
    recipe says so, together with all else that is missing.
    """
    by_part: dict[str, Repository] = {}
    for part, tell in (("weights", _weights), ("tokenizer", _tokenizer), ("data", _data)):
        try:
            repository = tell(loaded)
        except BenchError:
            continue
        if repository is not None:
            by_part[part] = repository
    return by_part


def cached_revisions(loaded: Loaded, *, texts_only: bool = False) -> list[CachedRevision]:
    """What a recipe reads of the hub's cache, whether or not it is there: weights, tokenizer, data, anchors, judges.

    Args:
        loaded: the recipe.
        texts_only: whether no weights are read.
    """
    parts = repositories(loaded)
    patterns = {"weights": WEIGHT_PATTERNS + TOKENIZER_PATTERNS, "tokenizer": TOKENIZER_PATTERNS, "data": ("**/*",)}
    if texts_only:
        del patterns["weights"]
    revisions = [CachedRevision(parts[part], read) for part, read in patterns.items() if part in parts]
    if texts_only:
        return revisions
    revisions += [CachedRevision(each, WEIGHT_PATTERNS + TOKENIZER_PATTERNS, AGAIN) for each in _anchors(loaded)]
    return revisions + [CachedRevision(each, mend=AGAIN) for each in _of_judges(loaded)]


def held_files(repository: Repository) -> Mapping[str, HashedFile]:
    """Every file of the revision that is in the hub's cache; of a local folder those that a recipe could read."""
    if repository.folder is None:
        assert repository.revision is not None
        return read_files(snapshot_folder(repository.kind, repository.name, repository.revision))
    if repository.kind == "model":
        return read_files(repository.folder, WEIGHT_PATTERNS + TOKENIZER_PATTERNS)
    return read_files(repository.folder)


def _weights(loaded: Loaded) -> Repository | None:
    model = loaded.recipe.model
    return _model(loaded.folders.model, model.model_name_or_path, model.revision)


def _tokenizer(loaded: Loaded) -> Repository | None:
    model = loaded.recipe.model
    if model.train_tokenizer is not None:
        return None
    if model.tokenizer_name_or_path is None:
        return _weights(loaded)
    return _model(loaded.folders.tokenizer, model.tokenizer_name_or_path, model.tokenizer_revision)


def _model(beside: Path, name: str | None, revision: str | None) -> Repository | None:
    if name is None:
        return None
    kind: Kind = "model"
    folder = local_folder(name, beside)
    if folder is not None:
        return Repository(kind, name, None, folder)
    return None if revision is None else Repository(kind, name, revision)


def _anchors(loaded: Loaded) -> Iterator[Repository]:
    section = loaded.recipe.preference
    for source in () if section is None else section.anchors.values():
        with suppress(BenchError):  # a folder that is not there, which the checks of anchors say
            repository = _model(loaded.path.parent, source.model_name_or_path, source.revision)
            if repository is not None:
                yield repository


def _of_judges(loaded: Loaded) -> Iterator[Repository]:
    """Of those who judge held-out responses, and those who label what is drawn for the training."""
    recipe, folders = loaded.recipe, loaded.folders
    judging: list[tuple[Judge, Any, Path]] = []
    with suppress(BenchError):  # what is no judge, or takes other options, which the checks of recipes say
        if recipe.judge is not None:
            judge = judges.get(recipe.judge.name)
            options, faults = bind(judge.options, recipe.judge.options, where="judge.options")
            judging += [] if faults else [(judge, options, folders.judge)]
    for section, folder in ((recipe.rounds, folders.oracle), (recipe.online, folders.online_oracle)):
        with suppress(BenchError):
            if section is None or section.oracle is None:
                continue
            oracle = oracles.get(section.oracle.name)
            options, faults = bind(oracle.options, section.oracle.options, where="oracle.options")
            if oracle.judge_of is not None and not faults:
                judging.append((*oracle.judge_of(options), folder))
    for judge, options, folder in judging:
        with suppress(BenchError):
            if (repository := judge.repository(options, folder)) is not None:
                yield repository


def _data(loaded: Loaded) -> Repository | None:
    section = loaded.recipe.data
    source = sources.get(section.source)
    options, faults = bind(source.options, section.options, where="data.options")
    return None if faults else source.repository(options, loaded.folders.data)
