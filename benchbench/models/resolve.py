"""Where weights and tokenizers are on disk, and what their contents hash to. No torch here."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.hashing import file_hash, fingerprint

WEIGHT_PATTERNS = ("*.safetensors", "*.safetensors.index.json", "config.json", "adapter_config.json")
TOKENIZER_PATTERNS = (
    "tokenizer*",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "chat_template*",
)
PROBE_SECONDS = 3.0
"""How long a connection to the hub may take before weights and data count as unavailable."""
_BLOB_NAME_LENGTH = 64


@dataclass(frozen=True)
class Folder:
    """A local folder in the hub's format."""

    path: Path
    name: str
    """Hub id or path, as the recipe gives it."""
    revision: str | None


def resolve_folder(
    name: str, revision: str | None, base: Path, *, patterns: tuple[str, ...], where: str, recipe: str
) -> Folder:
    """The local folder of a model or tokenizer: as given, or from the hub's cache, or downloaded.

    Args:
        name: hub id, or a folder (relative to `base`).
        revision: commit; required for a hub id.
        base: folder that relative paths start from.
        patterns: files that are needed.
        where: dotted key, for messages.
        recipe: file the key stands in, for messages.

    Raises:
        BenchError: exit code 2 for a hub id without a revision, 5 for what cannot be had.
    """
    local = Path(name) if Path(name).is_absolute() else base / name
    if local.is_dir():
        return Folder(local, name, revision)
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise BenchError(f"{recipe}: {where}: no folder {local}", exit_code=ExitCode.UNAVAILABLE)
    if revision is None:
        raise BenchError(
            f"{recipe}: {where}: '{name}' is a hub id (no such folder here), so a revision is required, and none is "
            "given; name the commit, since a branch moves"
        )
    return Folder(_from_hub(name, revision, patterns, where, recipe), name, revision)


def _from_hub(name: str, revision: str, patterns: tuple[str, ...], where: str, recipe: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    wanted = list(patterns)
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=wanted, local_files_only=True))
    except (LocalEntryNotFoundError, OSError):
        pass
    try:
        if not hub_reachable():
            raise OSError("the hub cannot be reached")
        return Path(snapshot_download(name, revision=revision, allow_patterns=wanted, etag_timeout=5))
    except (RepositoryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise BenchError(
            f"{recipe}: {where}: {name} at revision {revision} is not in the local cache and could not be fetched "
            f"({str(error).splitlines()[0]}); go online and run `bench fetch`, or put a local folder in its place with "
            f"--set {where}=FOLDER",
            exit_code=ExitCode.UNAVAILABLE,
        ) from None


def hub_reachable() -> bool:
    """Whether a connection to the hub opens within `PROBE_SECONDS`; never tried when told to stay offline."""
    if any(os.environ.get(name, "").upper() in ("1", "TRUE", "YES", "ON") for name in ("HF_HUB_OFFLINE",)):
        return False
    if os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        return True
    endpoint = urlparse(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        with socket.create_connection((endpoint.hostname or "", endpoint.port or 443), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def weights_hash(folder: Path) -> str:
    """Content hash of a folder's weights and configuration.

    Files in the hub's cache are named by their sha256 already; those are not read again.

    Raises:
        BenchError: the folder has no safetensors weights (pickles are never read).
    """
    files = sorted({path for pattern in WEIGHT_PATTERNS for path in folder.glob(pattern)})
    if not any(path.suffix == ".safetensors" for path in files):
        raise BenchError(
            f"{folder}: no .safetensors weights found; other formats are not read", exit_code=ExitCode.UNAVAILABLE
        )
    return fingerprint(_hashes(files))


def _hashes(files: list[Path]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for path in files:
        blob = path.resolve().name
        named = path.is_symlink() and len(blob) == _BLOB_NAME_LENGTH and all(c in "0123456789abcdef" for c in blob)
        found[path.name] = blob if named else file_hash(path)
    return found
