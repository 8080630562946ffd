"""Tokenizers: trained here, loaded pinned, and told apart by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError
from benchbench.core.hashing import canonical
from benchbench.data.hub_access import check_commit, local_folder, require_on_hub
from benchbench.recipe.schema import TokenizerTraining

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

PADDING = "<|padding|>"
END_OF_TEXT = "<|endoftext|>"


def train_tokenizer(texts: Iterable[str], training: TokenizerTraining) -> PreTrainedTokenizerFast:
    """Byte-pair encoding with Metaspace, trained on the texts; the same texts give the same tokenizer.

    Special tokens are `<|padding|>` (padding), `<|endoftext|>` (end), then those of the section. A character that
    is in none of the texts has no token and is lost, so this is for closed worlds.

    Raises:
        BenchError: the vocabulary cannot hold the special tokens and the characters of the texts.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    texts = list(texts)
    special = list(dict.fromkeys((PADDING, END_OF_TEXT, *training.special_tokens)))
    least = len(special) + len({character for text in texts for character in text.replace(" ", "\u2581")} | {"\u2581"})
    if training.vocab_size < least:
        raise BenchError(
            f"model.train_tokenizer.vocab_size: expected at least {least} (special tokens and single characters), "
            f"got {training.vocab_size}"
        )
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=training.vocab_size, special_tokens=special, show_progress=False)
    backend.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PADDING,
        eos_token=END_OF_TEXT,
        extra_special_tokens=[token for token in special if token not in (PADDING, END_OF_TEXT)],
        clean_up_tokenization_spaces=False,
    )


def load_tokenizer(
    name: str,
    *,
    revision: str | None,
    pad_token: str | None,
    folder: Path,
    trust_remote_code: bool = False,
) -> PreTrainedTokenizerBase:
    """A fast tokenizer from a folder (relative to the recipe's `folder`) or, pinned to a commit, from the hub.

    Raises:
        BenchError: exit code 5 where it cannot be had; 2 without revision, padding token or fast form.
    """
    path = local_folder(name, folder)
    if path is None:
        _check_revision(name, revision)
    elif revision is not None:
        raise BenchError(f"{name}: a local folder has no revision, got '{revision}'; leave it out")
    tokenizer = _from_pretrained(str(path or name), revision, trust_remote_code, online=False)
    if isinstance(tokenizer, Exception) and path is None:
        require_on_hub("model", name, revision)
        tokenizer = _from_pretrained(name, revision, trust_remote_code, online=True)
    if isinstance(tokenizer, Exception):
        raise BenchError(f"{path or name}: expected a tokenizer, found none that loads ({tokenizer})")
    if not tokenizer.is_fast:
        raise BenchError(f"{path or name}: expected a tokenizer with a fast form (tokenizer.json), found none")
    _set_padding(tokenizer, pad_token, name)
    return tokenizer


def tokenizer_hash(tokenizer: PreTrainedTokenizerBase) -> str:
    """sha256 of all that reaches token ids: vocabulary, rules, special tokens, chat template; not of paddings in use.

    Raises:
        ValueError: not a fast tokenizer.
    """
    if not tokenizer.is_fast:
        raise ValueError("expected a fast tokenizer")
    backend = json.loads(tokenizer.backend_tokenizer.to_str())  # type: ignore[attr-defined]  # fast ones have it
    content = {
        "backend": {key: value for key, value in backend.items() if key not in ("padding", "truncation")},
        "special_tokens": {key: str(value) for key, value in tokenizer.special_tokens_map.items()},
        "chat_template": tokenizer.chat_template,
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _check_revision(name: str, revision: str | None) -> None:
    if revision is None:
        raise BenchError(f"tokenizer {name}: revision required for a hub id, not given")
    try:
        check_commit("revision", revision)
    except ValueError as error:
        raise BenchError(f"tokenizer {name}: {error}") from None


def _from_pretrained(source: str, revision: str | None, trust: bool, *, online: bool) -> Any:
    """The tokenizer, or the error where its files are not there or are no tokenizer."""
    from transformers import AutoTokenizer

    pinned = {} if revision is None else {"revision": revision}
    try:
        return AutoTokenizer.from_pretrained(source, local_files_only=not online, trust_remote_code=trust, **pinned)
    except (OSError, ValueError, KeyError) as error:
        return error


def _set_padding(tokenizer: PreTrainedTokenizerBase, pad_token: str | None, name: str) -> None:
    if pad_token is not None:
        if pad_token not in tokenizer.get_vocab():
            raise BenchError(f"model.pad_token: expected a token of {name}'s vocabulary, got '{pad_token}'")
        tokenizer.pad_token = pad_token
    if tokenizer.pad_token is None:
        raise BenchError(
            f"model.pad_token: required, since the tokenizer {name} names no padding token; "
            f"its special tokens are {', '.join(sorted(set(tokenizer.all_special_tokens)))}"
        )
