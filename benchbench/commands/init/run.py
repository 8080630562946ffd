"""The verb: look at model and data, write the setting and the schema beside it; nothing is asked or overwritten."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchbench.commands.init.seen_data import SeenData, look_at_data, token_lengths
from benchbench.commands.init.seen_model import SeenModel, look_at_model
from benchbench.commands.init.starter import Starter, max_length, setting_text, tokenization_values
from benchbench.commands.recipe_schema import EDITOR_LINE, FILE_NAME, write_schema
from benchbench.commands.resolve import CHECKS
from benchbench.core.errors import BenchError, ExitCode
from benchbench.recipe import library
from benchbench.recipe.load import load_untuned
from benchbench.recipe.schema import TokenizationSection
from benchbench.store.files import write_text

DEFAULT = Path("my_setting.yaml")
UNNAMED = SeenModel("my_model")
"""What the file names where no model was given."""


@dataclass(frozen=True)
class InitRequest:
    """What a setting is to be written from."""

    path: Path = DEFAULT
    model: str | None = None
    """Folder, or hub id as NAME@COMMIT."""
    data: Sequence[str] = ()
    """FILE, or SPLIT=FILE for each split."""
    with_schema: bool = True
    """Write the JSON Schema for editors beside it."""


@dataclass(frozen=True)
class Written:
    """What was written, and what was seen, in lines."""

    setting: Path
    schema: Path | None
    seen: tuple[str, ...]


def init(request: InitRequest, *, today: date | None = None) -> Written:
    """Write a starter setting that `bench recipes validate` takes.

    Args:
        request: what is looked at, and where the setting is written.
        today: date for chat templates that write one; none is the day it is.

    Raises:
        BenchError: a file that would be overwritten; a model or data that cannot be used, before anything is written.
    """
    path = request.path
    if path.suffix not in (".yaml", ".yml"):
        raise BenchError(f"{path}: expected the name of a setting's file, ending in .yaml")
    if path.exists():
        raise BenchError(f"{path}: expected no file, found one, which is never overwritten; name another or move it")
    model = UNNAMED if request.model is None else look_at_model(request.model, path.parent)
    data = _data(request) if request.data else None
    today = today or date.today()
    schema = path.parent / FILE_NAME if request.with_schema else None
    starter = Starter(
        name=re.sub(r"[^A-Za-z0-9._-]+", "_", path.stem),
        file=str(path),
        model=model,
        data=data,
        command=_command(request),
        schema=None if schema is None else schema.name,
        today=today,
        lengths=_lengths(model, data, path.parent, today),
    )
    text = setting_text(starter, EDITOR_LINE)
    if schema is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_schema(schema)
    write_text(path, text)
    try:
        for method in ("sft", "dpo"):
            load_untuned(library.open_entry(str(path)), method, checks=CHECKS)
    except BenchError:
        path.unlink()
        raise
    return Written(path, schema, tuple(_seen(starter)))


def next_commands(path: Path) -> list[str]:
    """What to type next, in order."""
    file = shlex.quote(str(path))
    return [
        f"bench recipes validate {file}",
        f"bench audit data dpo --setting {file}",
        f"bench compare dpo simpo --setting {file} --dry-run",
        f"bench compare dpo simpo --setting {file}",
    ]


def _data(request: InitRequest) -> SeenData:
    """The data, with the way out where they are not to be read without options."""
    try:
        return look_at_data(request.data, request.path.parent)
    except BenchError as error:
        if error.exit_code is ExitCode.UNAVAILABLE:
            raise
        way_out = "`bench init` without --data writes a setting whose data.options you can fill in yourself"
        raise BenchError(f"{error}\n{way_out}", exit_code=error.exit_code) from None


def _lengths(model: SeenModel, data: SeenData | None, folder: Path, today: date) -> list[int]:
    """Tokens of the training examples; none where there is no tokenizer or nothing to tokenise."""
    if model.tokenizer is None or data is None:
        return []
    section = TokenizationSection.model_validate_json(
        json.dumps({**tokenization_values(model, today=today), "max_length": 1_000_000})
    )
    return token_lengths(data.examples, model.tokenizer, section, folder)


def _command(request: InitRequest) -> str:
    """The command line, as it may be typed again."""
    words = ["bench", "init", *([] if request.path == DEFAULT else [str(request.path)])]
    words += [] if request.model is None else ["--model", request.model]
    words += [word for text in request.data for word in ("--data", text)]
    return shlex.join(words)


def _seen(starter: Starter) -> list[str]:
    """What was seen and assumed, a line each."""
    model, data = starter.model, starter.data
    lines: list[str] = []
    if model is UNNAMED:
        lines.append("model: none given; the file names `my_model`, put yours there")
    elif not model.is_here:
        lines.append(f"model: {model.name} is not on this machine; assumed: a base model without chat template")
    else:
        kind = (
            "with a chat template; assumed: an instruct model, so no SFT"
            if model.has_chat_template
            else "without a chat template; assumed: a base model, so SFT first, and a plain template"
        )
        lines.append(f"model: {model.model_type}, context {model.context or 'not said'}, {kind}")
        lines += [f"padding: the tokenizer names none; assumed: {model.pad_token}"] if model.pad_token else []
    if data is None:
        lines.append("data: none given; the file names `pairs.jsonl`, with prompt, chosen and rejected")
        return lines
    splits = ", ".join(f"{name} {count}" for name, count in data.splits.items())
    lines.append(f"data: columns {', '.join(data.columns)}; examples: {splits}")
    lines += [f"data: {', '.join(data.ignored)}: not read, left out"] if data.ignored else []
    lines += [f"data: {note}" for note in data.notes]
    if starter.lengths:
        length = max_length(model, starter.lengths)
        cut = sum(tokens > length for tokens in starter.lengths)
        lines.append(
            f"lengths: up to {starter.lengths[-1]} tokens in {len(starter.lengths)} examples; "
            f"max_length {length} cuts {cut} of them"
        )
    return lines
