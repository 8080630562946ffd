"""Folders of adapters: what they hold, and whether it fits the model they are put on."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.data.json_files import object_in
from benchbench.data.model_files import ADAPTER_FILE, ADAPTER_WEIGHTS, model_files
from benchbench.data.tensor_files import tensor_table

MERGE_VERSION = 2
"""Of `generation.merge`: raised by hand when a merged folder comes out otherwise."""
_CARED_FOR = ("Found missing adapter keys", "Model has `tie_word_embeddings=True`")
"""How warnings of peft begin that nobody needs: what is missing is refused here, and merging unties what is tied."""
_PREFIX = "base_model.model."
"""Of names in an adapter file."""


def read_adapter_config(folder: Path) -> dict[str, Any]:
    """What a folder's adapters are, as they say.

    Raises:
        BenchError: the file is not one JSON object.
    """
    return object_in(folder / ADAPTER_FILE)


def put_adapters(model: Any, folder: Path, *, trainable: bool) -> Any:
    """The adapters of a folder on their base.

    Args:
        model: the base.
        folder: with adapter_config.json and adapter_model.safetensors.
        trainable: whether training goes on with them.

    Raises:
        BenchError: adapters that are no weights to add, such as prompts, or that do not fit; exit code 5 where the
            file of their weights is missing or damaged.
    """
    from peft import PeftModel

    _require_addable(folder)
    names = _names(folder)
    try:
        with warnings.catch_warnings():
            for known in _CARED_FOR:
                warnings.filterwarnings("ignore", message=known)
            adapted = PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:  # peft has no error of its own
        why = " ".join(f"{error}".split())
        raise BenchError(f"{folder}: expected adapters that fit their base; peft says: {why[:300]}") from None
    _require_all(adapted, folder, names)
    return adapted


def _require_addable(folder: Path) -> None:
    from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING
    from peft.tuners.tuners_utils import BaseTuner

    kind = read_adapter_config(folder).get("peft_type")
    known = {str(member.value): tuner for member, tuner in PEFT_TYPE_TO_TUNER_MAPPING.items()}
    tuner = known.get(kind) if isinstance(kind, str) else None
    if not (isinstance(tuner, type) and issubclass(tuner, BaseTuner)):
        raise BenchError(
            f"{folder / ADAPTER_FILE}: peft_type: expected adapters that can be added to the weights, such as LORA, "
            f"found {kind}"
        )


def _names(folder: Path) -> set[str]:
    """Of the tensors in the file; no number is read.

    Raises:
        BenchError: exit code 5; there is no such file, or it is damaged.
    """
    (path,) = model_files(folder).weights
    return {name.removeprefix(_PREFIX) for name in tensor_table(path)}


def _require_all(model: Any, folder: Path, names: set[str]) -> None:
    """Refuse adapters in part: peft leaves what is missing as it was drawn, which is no adapter, and drops the rest."""
    from peft import get_peft_model_state_dict

    wanted = _bare(get_peft_model_state_dict(model, save_embedding_layers=False))
    missing = sorted(wanted - names)
    alien = sorted(names - wanted - _bare(model.state_dict()))  # embeddings may be saved beside adapters
    if missing and alien and _renamed(model, folder):
        return
    faults = [
        f"{_some(tensors)} {what}" for tensors, what in ((missing, "are missing"), (alien, "fit nothing")) if tensors
    ]
    if faults:
        raise BenchError(
            f"{folder / ADAPTER_WEIGHTS}: expected the weights of all adapters that {ADAPTER_FILE} names on this base; "
            + "; ".join(faults)
        )


def _renamed(model: Any, folder: Path) -> bool:
    """Whether all names fit after all: peft translates some, as transformers has newer names for some layers."""
    if not hasattr(model, "load_adapter") or not hasattr(model, "get_base_model"):
        return False
    mapping = getattr(model.get_base_model(), "_checkpoint_conversion_mapping", None)
    trainable = any(parameter.requires_grad for parameter in model.parameters())
    result = model.load_adapter(str(folder), "default", is_trainable=trainable, key_mapping=mapping)
    return not result.missing_keys and not result.unexpected_keys


def _bare(names: Collection[str]) -> set[str]:
    return {name.removeprefix(_PREFIX) for name in names}


def _some(names: list[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
