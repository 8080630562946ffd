"""Which files of a folder are its tokenizer: those that are hashed, loaded and copied, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.json_text import JsonTextError
from benchbench.data.json_files import json_in

WHOLE = "tokenizer.json"
"""Vocabulary and all rules in one file; where it is there, no other vocabulary is read."""
CONFIG = "tokenizer_config.json"
MODEL_CONFIG = "config.json"
"""The model's; transformers chooses the tokenizer's class by its `model_type`."""
TEMPLATE = "chat_template.jinja"
_NAMED_TEMPLATES = "additional_chat_templates/*.jinja"
_ROUND_IT = (CONFIG, MODEL_CONFIG, "special_tokens_map.json", "added_tokens.json", TEMPLATE)
SENTENCEPIECE = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "sentencepiece.model", "spm.model")
WORD_LISTS = ("vocab.json", "vocab.txt")
MERGES = "merges.txt"
_PARTS = (*WORD_LISTS, MERGES, *SENTENCEPIECE, "tiktoken.model", "tekken.json")
"""Vocabularies without rules, which a class of transformers has to add."""
TOKENIZER_PATTERNS = (
    "tokenizer*",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "chat_template*",
    "vocab.txt",
    "*.model",
    "tekken.json",
    _NAMED_TEMPLATES,
    MODEL_CONFIG,
)
"""What is fetched of a repository; `tokenizer_files` says what is read of it."""


def tokenizer_files(folder: Path) -> dict[str, Path]:
    """Every file of a folder that its tokenizer is read from, by its name in there; none of them need be there.

    A tokenizer that names code of its own is read from all code of the folder, too; it needs `trust_remote_code`.
    """
    parts = () if (folder / WHOLE).is_file() else _PARTS
    paths = [folder / name for name in (WHOLE, *_ROUND_IT, *parts)]
    paths += sorted(folder.glob(_NAMED_TEMPLATES))
    if _code(folder):
        paths += sorted(folder.glob("*.py"))
    return {path.relative_to(folder).as_posix(): path for path in paths if path.is_file()}


def has_vocabulary(folder: Path) -> bool:
    """Whether a folder has a tokenizer of its own, rather than a part of one."""
    return not {WHOLE, *_PARTS}.difference({MERGES}).isdisjoint(tokenizer_files(folder))


def require_vocabulary(folder: Path) -> None:
    """Return only if a folder has a vocabulary, and no length that no tokenizer has.

    Raises:
        BenchError: what was found, and what is needed.
    """
    length = read_object(folder / CONFIG).get("model_max_length")
    if length is not None and not _is_length(length):
        raise BenchError(
            f"{folder / CONFIG}: model_max_length: expected a number of tokens above 0, found {repr(length)[:40]}; "
            "leave it out, or bring the file back that belongs to the tokenizer"
        )
    if has_vocabulary(folder) or (_code(folder) and (folder / CONFIG).is_file()):
        return
    names = ", ".join(name for name in tokenizer_files(folder) if name != MODEL_CONFIG) or "no tokenizer file"
    raise BenchError(
        f"{folder}: expected a tokenizer, found none that loads ({names}); put {WHOLE} there, or, for the model of "
        "a recipe, name the tokenizer's own folder as model.tokenizer_name_or_path"
    )


def _is_length(value: Any) -> bool:
    """Whether a value is a number of tokens; transformers writes 10^30 where there is no limit."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < float("inf")


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object of a file; nothing where it is not there, or is no object."""
    try:
        content = json_in(path)
    except JsonTextError:
        return {}
    return content if isinstance(content, dict) else {}


def _code(folder: Path) -> bool:
    """Whether the tokenizer's class comes with the folder."""
    named = read_object(folder / CONFIG).get("auto_map")
    return isinstance(named, list) or (isinstance(named, dict) and "AutoTokenizer" in named)
