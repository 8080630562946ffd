"""Where weights and tokenizers are on disk, and what their contents hash to. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.repository import Repository
from benchbench.data.hub_access import check_commit, local_folder, require_on_hub, unavailable
from benchbench.data.hub_cache import AGAIN, require_sound
from benchbench.data.hub_verified import CachedRevision, require_verified
from benchbench.data.json_files import object_in
from benchbench.data.model_files import ADAPTER_FILE, GENERATION_CONFIG, INDEX, WEIGHTS, weight_names

WEIGHT_PATTERNS = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    GENERATION_CONFIG,
    "adapter_config.json",
    "*.py",
)
"""What is asked of the hub; which of these files are read is up to `data.model_files`."""


def resolve_folder(
    name: str,
    revision: str | None,
    base: Path,
    *,
    patterns: tuple[str, ...],
    where: str,
    root: Path | None = None,
    again: bool = False,
) -> Path:
    """The local folder of a model or tokenizer: as given, from the hub's cache, or downloaded.

    Args:
        name: hub id, or a folder (relative to `base`).
        revision: commit; required for a hub id.
        base: folder that relative paths start from.
        patterns: files that are wanted; without one of the first kind a cached snapshot is not enough.
        where: dotted key, for messages.
        root: the `runs/` folder, by whose records a cached revision is verified; none for one that was verified before.
        again: whether it is verified whatever is recorded.

    Raises:
        BenchError: exit code 2 for a hub id without a commit, 5 for what cannot be had or is damaged.
    """
    folder = local_folder(name, base)
    if folder is not None:
        return folder
    if revision is None:
        raise BenchError(
            f"{where}: '{name}' is a hub id (there is no such folder), so a revision is required, and none is given; "
            "name the commit, since a branch moves"
        )
    try:
        check_commit("revision", revision)
    except ValueError as error:
        raise BenchError(f"{where}: {error}") from None
    if root is not None:
        cached = CachedRevision(Repository("model", name, revision), patterns, AGAIN)
        require_verified([cached], root, again=again)
    return _from_hub(name, revision, patterns)


def _from_hub(name: str, revision: str, patterns: tuple[str, ...]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    wanted = list(patterns)
    try:
        cached = Path(snapshot_download(name, revision=revision, allow_patterns=wanted, local_files_only=True))
    except (OSError, HFValidationError):  # LocalEntryNotFoundError is an OSError
        cached = None
    if cached is not None and _is_whole(cached, patterns):
        return cached
    require_on_hub("model", name, revision)
    what = f"model {name} at revision {revision}"
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=wanted))
    except (OSError, HfHubHTTPError) as error:
        raise unavailable(what, f"the download failed ({type(error).__name__})") from None
    require_sound(what, folder)
    return folder


def _is_whole(folder: Path, patterns: tuple[str, ...]) -> bool:
    """Whether a cached snapshot has all that is read of it; another program may have loaded a part.

    A link whose file was deleted, as a damaged one is, is no file.
    """
    wanted = [path for path in folder.iterdir() if any(path.match(pattern) for pattern in patterns)]
    if not all(path.is_file() for path in wanted) or not any(folder.glob(patterns[0])):
        return False
    if patterns[0] != WEIGHT_PATTERNS[0]:
        return True
    named = any((folder / name).is_file() for name in (WEIGHTS, INDEX, ADAPTER_FILE))
    return named and all((folder / name).is_file() for name in weight_names(folder))


SOFT_CAPPED = ("gemma2", "vaultgemma")
"""Model types whose attention scores are capped where their configuration does not say otherwise."""


def context_tokens(folder: Path | None, from_config: Mapping[str, Any] | None) -> int | None:
    """Tokens that a model reads at once, where its configuration says so."""
    config = _configuration(folder, from_config)
    limits = [config[name] for name in ("max_position_embeddings", "n_positions") if isinstance(config.get(name), int)]
    return limits[0] if limits else None


def caps_attention(folder: Path | None, from_config: Mapping[str, Any] | None) -> bool:
    """Whether a model caps its attention scores softly, as Gemma 2 does."""
    config = _configuration(folder, from_config)
    default = 50.0 if config.get("model_type") in SOFT_CAPPED else None
    return config.get("attn_logit_softcapping", default) is not None


def _configuration(folder: Path | None, from_config: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """That of a folder of weights, or the recipe's own."""
    if folder is None:
        return from_config or {}
    return object_in(folder / "config.json") if (folder / "config.json").is_file() else {}
