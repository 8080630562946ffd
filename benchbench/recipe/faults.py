"""Validation errors of pydantic as faults in the house's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError

from benchbench.core.errors import Fault, suggestion
from benchbench.recipe.document import describe

ALIASES = {
    "lr": "learning_rate",
    "batch_size": "global_batch_size",
    "train_batch_size": "global_batch_size",
    "gradient_accumulation_steps": "global_batch_size",
    "micro_batch_size": "per_device_train_batch_size",
    "eval_batch_size": "per_device_eval_batch_size",
    "epochs": "num_train_epochs",
    "num_epochs": "num_train_epochs",
    "n_epochs": "num_train_epochs",
    "steps": "max_steps",
    "num_steps": "max_steps",
    "max_train_steps": "max_steps",
    "scheduler": "lr_scheduler_type",
    "lr_scheduler": "lr_scheduler_type",
    "max_seq_length": "max_length",
    "max_seq_len": "max_length",
    "model_max_length": "max_length",
    "cutoff_len": "max_length",
    "sequence_len": "max_length",
    "truncation_side": "truncation",
    "truncation_mode": "truncation",
    "grad_clip": "max_grad_norm",
    "gradient_clipping": "max_grad_norm",
    "clip_grad_norm": "max_grad_norm",
    "warmup": "warmup_steps",
    "optimizer": "optim",
    "fp16": "bf16",
    "model_revision": "revision",
    "base_model": "model_name_or_path",
    "torch_dtype": "dtype",
    "seed": "seeds.list",
    "dataset_name": "data.options.dataset_name",
    "loss_type": "method.name",
    "beta": "method.hyper.beta",
    "label_smoothing": "method.hyper.label_smoothing",
    "lora_rank": "lora_r",
    "target_modules": "lora_target_modules",
    "evaluation": "score",
}
"""Names that other trainers use -> ours."""

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "string_too_short": "text that is not empty",
}


def faults_of(error: ValidationError, *, model: type[BaseModel], prefix: str = "") -> list[Fault]:
    """Every fault of one validation, each with its dotted key."""
    entries = error.errors(include_url=False)
    inside = {entry["loc"][:-1] for entry in entries}
    # a list whose items are all faulty counts as empty for pydantic; the items' faults say it better
    telling = [entry for entry in entries if entry["type"] != "too_short" or entry["loc"] not in inside]
    return [_fault(entry, model, prefix) for entry in telling]


def _fault(entry: Mapping[str, Any], model: type[BaseModel], prefix: str) -> Fault:
    path = [str(part) for part in entry["loc"]]
    where = ".".join([prefix, *path] if prefix else path)
    kind, value, context = entry["type"], entry.get("input"), entry.get("ctx", {})
    if kind == "extra_forbidden":
        return Fault(where, f"unknown key; {_known(path, where, model)}")
    if kind == "missing":
        return Fault(where, "required, not given")
    if kind == "value_error":
        return Fault(where, str(context.get("error", entry["msg"])))
    if kind == "literal_error":
        return Fault(where, f"expected one of {_choices(context['expected'])}, got {describe(value)}")
    if kind == "too_short":
        items = "item" if context["min_length"] == 1 else "items"
        return Fault(where, f"expected at least {context['min_length']} {items}, got {context['actual_length']}")
    if kind in _KINDS:
        remedy = _quotes(kind, value) or _as_name(path, value, model)
        return Fault(where, f"expected {_KINDS[kind]}, got {describe(value)}{remedy}")
    return Fault(where, f"{_bounds(entry['msg'])}, got {describe(value)}")


def _known(path: Sequence[str], where: str, model: type[BaseModel]) -> str:
    """What may have been meant by an unknown key: here, in another section, or a list of what is known here."""
    fields, name = _fields_at(model, path[:-1]), path[-1]
    alias = ALIASES.get(name, name)
    if alias in fields:
        return f"did you mean '{alias}'?"
    elsewhere = [key for key in section_keys(model) if key == alias or key.endswith(f".{alias}")]
    elsewhere += [alias] if "." in alias and not elsewhere else []
    if elsewhere and where not in elsewhere:
        return f"did you mean {_either(elsewhere)}?"
    close = suggestion(name, fields).strip()
    if close:
        return f"{close[0].lower()}{close[1:]}"
    return f"known here: {', '.join(fields)}" if fields else "none is known here"


def _either(keys: Sequence[str]) -> str:
    quoted = [f"'{key}'" for key in keys]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def section_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Dotted keys of a section and of all sections below it."""
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(f"{prefix}{name}")
        inner = None if _is_named(field.annotation) else _section_of(field.annotation)
        keys += section_keys(inner, f"{prefix}{name}.") if inner is not None else []
    return keys


def _is_named(annotation: Any) -> bool:
    """Whether a field holds sections under names that the user gives."""
    return get_origin(annotation) is dict


def _fields_at(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Field names of the section that a path leads to; none where it leads to no section."""
    current: type[BaseModel] | None = model
    parts = iter(part for part in path if not part.isdecimal())  # numbers are places in a list
    for part in parts:
        field = current.model_fields.get(part)
        current = None if field is None else _section_of(field.annotation)
        if field is not None and _is_named(field.annotation):
            next(parts, None)  # the user's name for it
        if current is None:
            return []
    return list(current.model_fields)


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds; lists and unions with None are looked through."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section_of(argument) for argument in getattr(annotation, "__args__", ()))
    return next((section for section in inner if section is not None), None)


def _choices(expected: str) -> str:
    return expected.replace("'", "").replace(" or ", ", ")


def _quotes(kind: str, value: Any) -> str:
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "; put it in quotes"
    if not isinstance(value, str):
        return ""
    unquoted = value in ("true", "false") if kind == "bool_type" else kind in _NUMBERS and _numeric(value)
    return "; remove the quotes" if unquoted else ""


def _as_name(path: Sequence[str], value: Any, model: type[BaseModel]) -> str:
    """How a section is written of which somebody gave the name alone, such as `method: dpo`."""
    given_alone = isinstance(value, str) and value and "name" in _fields_at(model, path)
    return f"; write {{name: {value}}}" if given_alone else ""


_NUMBERS = ("int_type", "float_type")


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bounds(message: str) -> str:
    return message.replace("Input should be", "expected a value").replace("should have", "expected")
