"""One pinned revision of a hub dataset, from the cache or the network, and never another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError
from benchbench.data.hub_access import local_folder, require_on_hub, unavailable
from benchbench.data.hub_cache import require_sound, snapshot_folder
from benchbench.data.rows import Row

if TYPE_CHECKING:
    import datasets


def local_dataset(name: str, revision: str | None, folder: Path) -> Path | None:
    """The folder that a dataset's name stands for; none where it is a hub id.

    Args:
        name: `data.options.dataset_name`.
        revision: `data.options.dataset_revision`.
        folder: of the recipe file.

    Raises:
        BenchError: a folder that is not there, or one with a revision.
    """
    path = local_folder(name, folder)
    if path is not None and revision is not None:
        raise BenchError(
            f"data.options.dataset_revision: {name} is a local folder, which has no revision; "
            "leave it out, the folder's files are hashed instead"
        )
    return path


def required_revision(name: str, revision: str | None) -> str:
    """The commit of a dataset of the hub.

    Raises:
        BenchError: none is given.
    """
    if revision is None:
        raise BenchError(
            f"data.options.dataset_revision: required for {name}, not given; "
            "the hub's page of the dataset lists its commits"
        )
    return revision


def open_dataset(
    name: str, config: str | None, revision: str | None, folder: Path
) -> tuple[datasets.DatasetBuilder, str]:
    """A prepared dataset, of a local folder or at its commit, and what messages call it.

    Raises:
        BenchError: as `local_dataset`, `required_revision`, `open_folder` and `open_revision` do.
    """
    path = local_dataset(name, revision, folder)
    if path is not None:
        return open_folder(path, config), str(path)
    commit = required_revision(name, revision)
    return open_revision(name, config, commit), f"{name}@{commit[:7]}"


def open_revision(name: str, config: str | None, revision: str) -> datasets.DatasetBuilder:
    """The prepared dataset of exactly this commit.

    `datasets.load_dataset` answers any failure with the newest revision that is cached; so the cache is asked for
    the commit by name, and what comes over the network is checked to be the commit.

    Raises:
        BenchError: exit code 5 where this revision is neither cached nor to be had, or came damaged.
    """
    if cached := _cached(name, config, revision):
        return cached
    require_on_hub("dataset", name, revision)
    import datasets
    from datasets import config as config_module
    from datasets.exceptions import DatasetsError
    from httpx import HTTPError

    if Path(name).is_dir():
        raise BenchError(
            f"{name}: a folder of this name in the working directory hides the hub's dataset; go elsewhere"
        )
    config_module.HF_UPDATE_DOWNLOAD_COUNTS = False  # a count kept by the hub: no telemetry
    try:
        builder = datasets.load_dataset_builder(name, config, revision=revision)
        if builder.hash != revision:
            raise unavailable(f"dataset {name} at revision {revision}", f"only revision {builder.hash} was found")
        _require_one_config(builder, config, name)
        _bring_sources(builder, name, revision)
        builder.download_and_prepare()
    except (OSError, HTTPError) as error:
        raise unavailable(f"dataset {name} at revision {revision}", f"it could not be fetched ({error})") from None
    except (ValueError, DatasetsError) as error:
        raise BenchError(f"dataset {name} at revision {revision}: {error}") from None
    return builder


def _bring_sources(builder: datasets.DatasetBuilder, name: str, revision: str) -> None:
    """Download what the arrow tables are made from, and compare it with the hub's hashes before they are.

    `datasets` would make tables from a damaged file, which have no published hash to find that out by.
    """
    from huggingface_hub import snapshot_download

    prefix = f"hf://datasets/{name}@{revision}/"
    urls = [url for split in (builder.config.data_files or {}).values() for url in split]
    wanted = [url.removeprefix(prefix) for url in urls if url.startswith(prefix)]
    if wanted:
        snapshot_download(name, repo_type="dataset", revision=revision, allow_patterns=wanted)
        require_sound(f"dataset {name} at revision {revision}", snapshot_folder("dataset", name, revision))


def open_folder(path: Path, config: str | None) -> datasets.DatasetBuilder:
    """The dataset of a local folder in the hub's format."""
    import datasets
    from datasets.exceptions import DatasetsError

    try:
        builder = datasets.load_dataset_builder(str(path), config)
        _require_one_config(builder, config, str(path))
        builder.download_and_prepare()
    except (FileNotFoundError, ValueError, DatasetsError) as error:
        raise BenchError(f"{path}: expected a dataset in the hub's format ({error})") from None
    return builder


def read_dataset_split(builder: datasets.DatasetBuilder, split: str, where: str) -> list[Row]:
    """All rows of one split, by its name in the dataset.

    Raises:
        BenchError: the dataset has no such split.
    """
    known = list(builder.info.splits or {})
    if split not in known:
        raise BenchError(f"{where}: expected one of the dataset's splits {', '.join(known)}, got '{split}'")
    return list(_rows(builder.as_dataset(split=split)))


def _rows(dataset: Any) -> Iterator[Row]:
    for batch in dataset.iter(batch_size=1000):
        for values in zip(*batch.values(), strict=True):
            yield dict(zip(batch, values, strict=True))


def _require_one_config(builder: datasets.DatasetBuilder, config: str | None, name: str) -> None:
    configs = list(builder.builder_configs)
    if config is None and len(configs) > 1:
        raise BenchError(
            f"data.options.dataset_config: {name} has several configurations; name one of {', '.join(configs)}"
        )


def _cached(name: str, config: str | None, revision: str) -> datasets.DatasetBuilder | None:
    from datasets import config as config_module
    from datasets.naming import camelcase_to_snakecase
    from datasets.packaged_modules.cache.cache import Cache

    *owner, last = name.split("/")
    dataset_name = camelcase_to_snakecase(last)
    root = Path(config_module.HF_DATASETS_CACHE) / "___".join((*owner, dataset_name))
    folders = sorted(root.glob(f"{config or 'default'}/*/{revision}"))
    if not folders:
        return None
    version = folders[-1].parent.name
    return Cache(
        repo_id=name, dataset_name=dataset_name, config_name=config or "default", version=version, hash=revision
    )
