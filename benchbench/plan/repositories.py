"""Which repositories a recipe reads, and what they hold on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from benchbench import sources
from benchbench.core.errors import BenchError
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
    """What a recipe reads of the hub's cache, whether or not it is there: weights, tokenizer, data, anchors.

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
    section = loaded.recipe.preference
    for source in () if section is None else section.anchors.values():
        if source.model_name_or_path is None or source.revision is None:
            continue
        with suppress(BenchError):  # a folder that is not there, which the checks of anchors say
            if local_folder(source.model_name_or_path, loaded.path.parent) is None:
                repository = Repository("model", source.model_name_or_path, source.revision)
                revisions.append(CachedRevision(repository, WEIGHT_PATTERNS + TOKENIZER_PATTERNS, AGAIN))
    return revisions


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


def _data(loaded: Loaded) -> Repository | None:
    section = loaded.recipe.data
    source = sources.get(section.source)
    options, faults = bind(source.options, section.options, where="data.options")
    return None if faults else source.repository(options, loaded.folders.data)
