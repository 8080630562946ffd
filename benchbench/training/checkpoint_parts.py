"""A checkpoint of several processes that each have a part of the layers: a folder to which all of them write.

No process ever has the whole optimizer. Each writes its parts into a file of its own (`torch.distributed.checkpoint`,
as safetensors, which hold no code); what all have, such as embeddings, is in the first one's. Readers take of each file
what they need, so any number of processes may go on from it, one among them. What the files hold stands in a file
beside them, by size and hash, with a checksum of itself.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from benchbench.store.checksums import is_as_stamped, stamped
from benchbench.store.files import read_json, whole_folder, write_json
from benchbench.training.position import DamagedCheckpointError, Position, position_in
from benchbench.training.ranks import Ranks

FOLDER = re.compile(r"step-([0-9]+)")
"""Name of such a checkpoint, with the optimizer steps done."""
_ABOUT = "position.json"
_FILES_AT_ONCE = 4
Place = Callable[[str, torch.Size, torch.dtype], Tensor]


def write_parts(folder: Path, tensors: Mapping[str, Tensor], position: Position, ranks: Ranks) -> Path:
    """Write a checkpoint by all processes, each of which calls this at the same place; returns its folder.

    It takes its name when every file of it is on the disk.

    Args:
        folder: in which it is made.
        tensors: by name, the same names in all processes: parts of a whole (DTensor), or what the first has.
        position: for the file beside them.
        ranks: the processes.
    """
    place = folder / f"step-{position.step}"
    if not ranks.is_first:
        _write(Path(ranks.from_first(str)), tensors, ranks)
        ranks.from_first(lambda: None)  # the name is there before anybody goes on
        return place
    with whole_folder(place) as draft:
        files = _write(Path(ranks.from_first(lambda: str(draft))), tensors, ranks)
        write_json(draft / _ABOUT, stamped({**position.as_text(), "world_size": ranks.world, "files": files}))
    ranks.from_first(lambda: None)
    return place


def _write(draft: Path, tensors: Mapping[str, Tensor], ranks: Ranks) -> dict[str, Any]:
    """Write this process's file; name -> size and hash of every process's, each of which reads its own."""
    writer = HuggingFaceStorageWriter(str(draft), save_distributed=True)
    save(dict(tensors), storage_writer=writer, planner=DefaultSavePlanner(dedup_save_to_lowest_rank=True))
    names = sorted(path.name for path in draft.glob("*.safetensors"))
    mine = {name: _entry(draft / name) for name in names[ranks.number :: ranks.world]}
    return {name: entry for each in ranks.gathered(mine) for name, entry in each.items()}


def position_of_parts(path: Path) -> Position:
    """Where the run of such a checkpoint stands; all of its files are read.

    Raises:
        DamagedCheckpointError: it is not as it was written.
    """
    about = _about(path)
    with ThreadPoolExecutor(max_workers=_FILES_AT_ONCE) as pool:
        _require_sound([*pool.map(lambda name: _fault(path, name, about), sorted(about["files"]))])
    return position_in(about)


def read_parts(path: Path, place_of: Place, ranks: Ranks) -> tuple[dict[str, Tensor], Position]:
    """Read a checkpoint; each process of several takes what it has to hold, and looks through some of the files.

    Args:
        path: of the checkpoint.
        place_of: (name, size, precision) -> the tensor to fill: a whole one, or this process's part of one (DTensor).
        ranks: the processes, which all read it at the same place.

    Returns:
        Name -> the tensor that was filled, of everything in the checkpoint; the position.

    Raises:
        DamagedCheckpointError: in all processes; it is not as it was written.
        CheckpointException: a tensor to fill has another size.
    """
    try:
        about, mine = _about(path), list[str]()
        mine = [_fault(path, name, about) for name in sorted(about["files"])[ranks.number :: ranks.world]]
    except DamagedCheckpointError as error:
        about, mine = {}, [str(error)]
    _require_sound([fault for each in ranks.gathered(mine) for fault in each])
    reader = HuggingFaceStorageReader(str(path))
    tensors: dict[str, Any] = {}
    for name, kind in reader.read_metadata().state_dict_metadata.items():
        assert isinstance(kind, TensorStorageMetadata), "every part of a checkpoint is a tensor"
        tensors[name] = place_of(name, kind.size, kind.properties.dtype)
    with warnings.catch_warnings():  # it says that it works alone, as it is told to: each process knows what it needs
        warnings.simplefilter("ignore")
        load(tensors, storage_reader=reader, no_dist=True)
    return tensors, position_in(about)


def _about(path: Path) -> dict[str, Any]:
    try:
        about = read_json(path / _ABOUT)
    except (OSError, ValueError) as error:
        raise DamagedCheckpointError(f"{_ABOUT}: {error}") from None
    if not is_as_stamped(about, without=()):
        raise DamagedCheckpointError(f"{_ABOUT} has another content than its checksum says")
    if added := sorted({each.name for each in path.glob("*.safetensors")} - about["files"].keys()):
        raise DamagedCheckpointError(f"{added[0]} was not written with it")
    return about


def _fault(path: Path, name: str, about: Mapping[str, Any]) -> str:
    """What is wrong with one file; empty where nothing is."""
    try:
        present, recorded = _entry(path / name), about["files"][name]
    except OSError as error:
        return f"{name}: {error.strerror}"
    if present == recorded:
        return ""
    return f"{name} has the content {present['sha256'][:12]}, was written as {recorded['sha256'][:12]}"


def _require_sound(faults: Sequence[str]) -> None:
    for fault in faults:
        if fault:
            raise DamagedCheckpointError(fault)


def _entry(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}
