"""Which files of a model folder are read: exactly these are hashed, and exactly these are loaded. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.core.hashing import fingerprint
from benchbench.core.json_text import JsonTextError
from benchbench.data.hub_cache import hub_hash
from benchbench.data.json_files import json_in
from benchbench.data.model_size import least_parameters, size_faults
from benchbench.data.model_values import configuration_faults
from benchbench.data.tensor_files import DamagedFileError, tensor_table
from benchbench.store.file_hashes import file_hash

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
"""Names the file that each tensor is in, where there are several."""
ADAPTER_FILE = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
GENERATION_CONFIG = "generation_config.json"
"""Read where answers are drawn, for the tokens that end them; no other number depends on it."""
WHOLE_WEIGHTS = ("model*.safetensors", INDEX, "pytorch_model*.bin")
"""What shows that a folder is meant to hold whole weights."""
_OTHER_WEIGHTS = ("*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.gguf")
"""Weights in formats that are never read."""
_SHA256_DIGITS = 64
_LONGEST_NAME = 255
"""Characters, as file systems take them."""
_MOST_WEIGHTS_PER_BYTE = 8
"""One bit each."""


@dataclass(frozen=True)
class ModelFiles:
    """The files of one model, checked: all are there, and no file of weights is cut short."""

    folder: Path
    weights: tuple[Path, ...]
    """One file or all shards; of adapters their one file."""
    others: tuple[Path, ...]
    """Configuration, index of the shards, and the code that comes with the model where it is trusted."""
    adapters: bool
    """Whether these are adapters alone, which stand on other weights."""

    @property
    def read(self) -> tuple[Path, ...]:
        """Every file that is hashed and loaded."""
        return tuple(sorted((*self.weights, *self.others)))

    @property
    def strays(self) -> tuple[Path, ...]:
        """Other safetensors files beside these, which are neither hashed nor loaded."""
        return tuple(sorted({*self.folder.glob("*.safetensors")} - {*self.weights}))


def model_files(folder: Path, *, trust_remote_code: bool = False) -> ModelFiles:
    """What is read of a model folder: whole weights as transformers finds them, or adapters alone.

    Args:
        folder: in the hub's format.
        trust_remote_code: whether code that comes with the model is run, and so is part of it.

    Raises:
        BenchError: exit code 5; no safetensors weights, several that could be meant, shards that are missing,
            a file that is cut short, or a configuration that leads to files elsewhere. Exit code 2; a configuration
            with values that no model has.
    """
    if is_adapters_alone(folder):
        return _adapter_files(folder)
    if (folder / ADAPTER_FILE).is_file():
        raise _unavailable(
            f"{folder}: expected one model, found whole weights and adapters ({ADAPTER_FILE}); remove the one or the "
            "other"
        )
    faults = _config_faults(folder, trust_remote_code=trust_remote_code)
    index = _index(folder)
    _require_one(folder, index)
    names = sorted(set(index.values())) or [WEIGHTS]
    faults += _shard_faults(folder, names, index)
    if len(faults) == 1:
        raise _unavailable(f"{folder / faults[0].where}: {faults[0].message}")
    if faults:
        raise BenchError.of_faults(str(folder), faults, exit_code=ExitCode.UNAVAILABLE)
    others = [folder / CONFIG, *([folder / INDEX] if index else [])]
    if trust_remote_code:
        others += sorted(folder.glob("*.py"))
    return ModelFiles(folder, tuple(folder / name for name in names), tuple(others), adapters=False)


def weights_hash(
    folder: Path, *, trust_remote_code: bool = False, hash_file: Callable[[Path], str] | None = None
) -> str:
    """Content hash of the files that are read of a model folder.

    Args:
        folder: in the hub's format.
        trust_remote_code: as for `model_files`.
        hash_file: sha256 of a file; by default from its bytes, or from its name in the hub's cache, which is its hash.

    Raises:
        BenchError: as `model_files`.
    """
    files = model_files(folder, trust_remote_code=trust_remote_code)
    return fingerprint({path.name: (hash_file or _hash)(path) for path in files.read})


def weight_names(folder: Path) -> list[str]:
    """Names of the files of weights that belong to the folder's model, there or not, sound or not.

    Raises:
        BenchError: exit code 5; an index that cannot be read.
    """
    if is_adapters_alone(folder):
        return [ADAPTER_WEIGHTS]
    return sorted(set(_index(folder).values())) or [WEIGHTS]


def holds_whole_weights(folder: Path) -> bool:
    """Whether a folder holds whole weights, whatever else is there and whether or not they can be read."""
    return any(path.is_file() for pattern in WHOLE_WEIGHTS for path in folder.glob(pattern))


def is_adapters_alone(folder: Path) -> bool:
    """Whether a folder holds adapters and no whole weights; a configuration of the base may stand beside them."""
    return (folder / ADAPTER_FILE).is_file() and not holds_whole_weights(folder)


def _adapter_files(folder: Path) -> ModelFiles:
    path = folder / ADAPTER_WEIGHTS
    if not path.is_file():
        raise _unavailable(
            f"{folder}: no .safetensors weights found; expected {ADAPTER_WEIGHTS} beside {ADAPTER_FILE}, other formats "
            f"are not read{_found(folder)}"
        )
    try:
        tensor_table(path)
    except DamagedFileError as error:
        raise _unavailable(f"{path}: {error}") from None
    return ModelFiles(folder, (path,), (folder / ADAPTER_FILE,), adapters=True)


def _config_faults(folder: Path, *, trust_remote_code: bool) -> list[Fault]:
    """What keeps the configuration from being that of these files.

    Raises:
        BenchError: exit code 2; values that no model has.
    """
    path = folder / CONFIG
    if not path.is_file():
        return [
            Fault(CONFIG, "expected the model's configuration, found no such file; copy it from the model's source")
        ]
    try:
        config = json_in(path)
    except JsonTextError as error:
        return [Fault(CONFIG, f"expected one JSON object, found what cannot be read ({error})")]
    if not isinstance(config, dict):
        return [Fault(CONFIG, f"expected one JSON object, found {type(config).__name__}")]
    own_code = trust_remote_code and "auto_map" in config  # which knows names of its own
    if impossible := size_faults(config) if own_code else configuration_faults(config):
        mend = "bring the configuration back that belongs to the weights"
        raise BenchError.of_faults(
            str(path), [Fault(f.where, f"{f.message}; {mend}") for f in impossible]
        )  # it is there, so that no plan may assume another
    faults: list[Fault] = []
    on_disk = sum(file.stat().st_size for file in folder.glob("*.safetensors") if file.is_file())
    if (least := least_parameters(config)) > _MOST_WEIGHTS_PER_BYTE * on_disk > 0:
        what = f"expected a model of these weights ({on_disk} bytes), found sizes of one with {least} weights or more"
        faults.append(Fault(CONFIG, f"{what}; bring the configuration back that belongs to them"))
    if (named := config.get("transformers_weights")) is not None:
        faults.append(
            Fault(CONFIG, f"transformers_weights: expected none, found {named}; name the file {WEIGHTS} and remove it")
        )
    code = config.get("auto_map") if trust_remote_code else None
    elsewhere = sorted({str(entry) for entry in code.values() if "--" in str(entry)}) if isinstance(code, dict) else []
    if elsewhere:
        what = f"auto_map: expected code in this folder, found {', '.join(elsewhere)}, which can change without notice"
        faults.append(Fault(CONFIG, f"{what}; copy the code here and name it without the part before --"))
    return faults


def _index(folder: Path) -> Mapping[str, str]:
    """Tensor -> file, where the folder has an index."""
    path = folder / INDEX
    if not path.is_file():
        return {}
    try:
        weight_map = json_in(path)["weight_map"]
        names = {str(tensor): str(name) for tensor, name in weight_map.items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        names = {}
    if not names or not all(_is_file_name(name) for name in names.values()):
        raise _unavailable(
            f"{path}: expected weight_map, the name of a file in this folder for each tensor; found none; "
            "copy or download it again"
        )
    return names


def _is_file_name(name: str) -> bool:
    """Whether a name is that of a file of weights in the same folder."""
    return name.endswith(".safetensors") and Path(name).name == name and len(name) <= _LONGEST_NAME


def _require_one(folder: Path, index: Mapping[str, str]) -> None:
    """Refuse a folder without safetensors weights, or with two sets of them."""
    shards = set(index.values())
    whole = (folder / WEIGHTS).is_file()
    if index and whole and shards != {WEIGHTS}:
        raise _unavailable(
            f"{folder}: expected one set of weights, found {WEIGHTS} and an index of {len(shards)} other files; "
            f"remove {WEIGHTS}, or {INDEX} with its shards"
        )
    if not index and not whole:
        raise _unavailable(
            f"{folder}: no .safetensors weights found; expected {WEIGHTS}, or {INDEX} with its shards, other formats "
            f"are not read{_found(folder)}"
        )


def _found(folder: Path) -> str:
    """What a folder without readable weights holds instead, and what to do."""
    here = sorted(path.name for path in folder.glob("*.safetensors"))
    other = sorted({path.name for pattern in _OTHER_WEIGHTS for path in folder.glob(pattern)})
    words = ""
    if other:
        words += (
            f"; found {_some(other)}: convert with transformers, AutoModelForCausalLM.from_pretrained(OLD)"
            ".save_pretrained(NEW), if you trust who made it, and name NEW"
        )
    if here:
        words += f"; {_some(here)} {'is' if len(here) == 1 else 'are'} not known to be this model's"
    return words


def _shard_faults(folder: Path, names: Sequence[str], index: Mapping[str, str]) -> list[Fault]:
    faults: list[Fault] = []
    held: dict[str, str] = {}
    for name in names:
        if not (folder / name).is_file():
            faults.append(Fault(name, f"expected this file, which {INDEX} names, found none; copy or download it"))
            continue
        try:
            tensors = tensor_table(folder / name)
        except DamagedFileError as error:
            faults.append(Fault(name, str(error)))
            continue
        if lacking := sorted(tensor for tensor, file in index.items() if file == name and tensor not in tensors):
            faults.append(
                Fault(name, f"expected the tensors that {INDEX} lists for it, found no {_some(lacking)}; copy all")
            )
        if twice := sorted(tensors.keys() & held.keys()):
            other = held[twice[0]]
            faults.append(Fault(name, f"expected each tensor once, found {_some(twice)} in {other} too; copy all"))
        held |= dict.fromkeys(tensors, name)
    return faults


def _hash(path: Path) -> str:
    named = hub_hash(path)
    return named if named is not None and len(named) == _SHA256_DIGITS else file_hash(path)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _unavailable(message: str) -> BenchError:
    return BenchError(message, exit_code=ExitCode.UNAVAILABLE)
