"""What a model folder says of itself: context, chat template, special tokens, precision. No weight is read."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.data.hub_access import check_commit
from benchbench.data.hub_cache import require_sound, snapshot_folder
from benchbench.data.json_files import object_in
from benchbench.data.model_files import ADAPTER_FILE, CONFIG, is_adapters_alone
from benchbench.data.render import NOW
from benchbench.data.template_limits import template_limits
from benchbench.data.tokenizer import read_tokenizer
from benchbench.data.tokenizer_files import TOKENIZER_PATTERNS, has_vocabulary
from benchbench.data.turn_end import closing_token
from benchbench.plan.weights import context_tokens
from benchbench.recipe.schema import TokenizationSection

PADDING = ("<|padding|>", "<|pad|>", "<pad>", "[PAD]", "<|finetune_right_pad_id|>")
"""Names by which vocabularies call a token that is there for padding, looked for where the tokenizer names none."""
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class SeenModel:
    """A model as a setting names it, and what was seen of it."""

    name: str
    """Folder or hub id, as it is written into the setting."""
    revision: str | None = None
    """Commit of a hub id."""
    is_here: bool = False
    """Whether there was anything to look at."""
    model_type: str = ""
    context: int | None = None
    """Tokens that it reads at once; none where it does not say."""
    stored_dtype: str = ""
    has_code: bool = False
    """Whether it brings code of its own, which runs only where the setting trusts it."""
    tokenizer: Any = None
    """A fast tokenizer; none where the folder has none of its own."""
    pad_token: str | None = None
    """Token to pad with, where the tokenizer names none."""
    has_chat_template: bool = False
    writes_date: bool = False
    """Whether the chat template writes today's date into prompts."""
    add_bos: bool = False
    append_eos: bool = True
    turn_end: str = ""
    """Control token that the chat template writes after an assistant's text; empty where it writes none."""


def look_at_model(text: str, beside: Path) -> SeenModel:
    """Read configuration and tokenizer of a model.

    Args:
        text: a folder, or a hub id as NAME@COMMIT, whose copy in the hub's cache is read where there is one.
        beside: folder of the setting, from which a folder below it is named.

    Raises:
        BenchError: neither of the two, adapters alone, or a tokenizer that cannot be used; exit code 2 or 5.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        return _seen(path, written_path(path, beside), None)
    name, at, revision = text.partition("@")
    if not _HUB_ID.fullmatch(name) or not at:
        raise BenchError(f"--model {text}: expected a model folder, or a hub id with its commit as NAME@COMMIT")
    try:
        check_commit("--model", revision)
    except ValueError as error:
        raise BenchError(str(error)) from None
    folder = snapshot_folder("model", name, revision)
    if not (folder / CONFIG).is_file():
        return SeenModel(name, revision)
    read = (CONFIG, ADAPTER_FILE, *TOKENIZER_PATTERNS)
    require_sound(f"--model {text}", folder, read, "give the command again, or `bench fetch` the recipe")
    return _seen(folder, name, revision)


def written_path(path: Path, beside: Path) -> str:
    """A path as a setting in the folder `beside` names it: from there where it lies below it, else whole."""
    whole, folder = path.resolve(), beside.resolve()
    return os.path.relpath(whole, folder) if whole.is_relative_to(folder) else str(whole)


def _seen(folder: Path, name: str, revision: str | None) -> SeenModel:
    if is_adapters_alone(folder):
        base = object_in(folder / ADAPTER_FILE).get("base_model_name_or_path", "their base")
        raise BenchError(
            f"--model {folder}: expected whole weights, found adapters alone; name {base}, on which a setting with "
            "`lora` trains adapters, or the folder in which they are merged into it"
        )
    if not (folder / CONFIG).is_file():
        raise BenchError(f"--model {folder}: a folder without {CONFIG}; expected a model in the hub's format")
    config = object_in(folder / CONFIG)
    about: dict[str, Any] = {
        "is_here": True,
        "model_type": str(config.get("model_type", "")),
        "context": context_tokens(folder, None),
        "stored_dtype": str(config.get("dtype") or config.get("torch_dtype") or ""),
        "has_code": "auto_map" in config,
    }
    if has_vocabulary(folder):
        tokenizer = read_tokenizer(str(folder.resolve()), revision=None, folder=Path())
        about |= {"tokenizer": tokenizer, **_special_tokens(tokenizer)}
    return SeenModel(name, revision, **about)


def _special_tokens(tokenizer: Any) -> dict[str, Any]:
    """What the tokenizer does at the beginning and the end of a text, and of a turn of its chat template."""
    template = tokenizer.chat_template if isinstance(tokenizer.chat_template, str) else ""
    bos, eos = tokenizer.bos_token, tokenizer.eos_token
    first = tokenizer("a", verbose=False)["input_ids"][:1]
    about: dict[str, Any] = {
        "pad_token": None if tokenizer.pad_token is not None else _padding(tokenizer),
        "has_chat_template": bool(template),
        "writes_date": NOW in template,
        "add_bos": bos is not None and first == [tokenizer.bos_token_id],
        "append_eos": eos is not None,
    }
    if template and NOW not in template:
        closing = closing_token(_as_it_is(), tokenizer)
        end = "" if closing is None else str(tokenizer.convert_ids_to_tokens(closing))
        with template_limits("chat template"):
            opening = tokenizer.apply_chat_template([{"role": "user", "content": "a"}], tokenize=False)
        begins = bos is not None and str(opening).startswith(bos)
        about |= {"turn_end": end, "append_eos": eos is not None and not end, "add_bos": about["add_bos"] or begins}
    return about


def _as_it_is() -> TokenizationSection:
    """The tokenizer's own chat template."""
    return TokenizationSection(add_bos=False, append_eos=False, max_length=1_000_000, truncation="error")


def _padding(tokenizer: Any) -> str | None:
    """A token to pad with: one that is there for it, else the unknown token, else the end of a text."""
    vocabulary = tokenizer.get_vocab()
    return next((token for token in PADDING if token in vocabulary), tokenizer.unk_token or tokenizer.eos_token)
