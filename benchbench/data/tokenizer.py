"""Tokenizers: trained here, loaded pinned, saved, and identified by content."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.hashing import canonical
from benchbench.data.hub_access import check_commit, local_folder, require_on_hub, unavailable
from benchbench.data.hub_cache import AGAIN, require_sound, snapshot_folder
from benchbench.data.tokenizer_files import MODEL_CONFIG, TOKENIZER_PATTERNS, has_vocabulary, require_vocabulary
from benchbench.data.tokenizer_loading import SCRATCH, checked_tokenizer
from benchbench.data.tokenizer_probes import TEXTS, ids_of
from benchbench.recipe.model import ArchitectureSection, TokenizerTraining
from benchbench.store.file_hashes import file_hash

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

PADDING = "<|padding|>"
END_OF_TEXT = "<|endoftext|>"
_REMOTE = "transformers_modules"
"""Package of code that comes with a folder."""


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
    """A fast tokenizer that pads, from a folder (relative to the recipe's `folder`) or, pinned to a commit, the hub.

    Raises:
        BenchError: as `read_tokenizer`; no padding token.
    """
    tokenizer = read_tokenizer(name, revision=revision, folder=folder, trust_remote_code=trust_remote_code)
    _set_padding(tokenizer, pad_token, name)
    return tokenizer


def load_prepared_tokenizer(path: str, model: ArchitectureSection) -> PreTrainedTokenizerBase:
    """The tokenizer in a folder that a plan has found or made.

    Args:
        path: absolute, of the folder.
        model: what the recipe says of it.

    Raises:
        BenchError: as `load_tokenizer`.
    """
    return load_tokenizer(
        path, revision=None, pad_token=model.pad_token, folder=Path(), trust_remote_code=model.trust_remote_code
    )


def read_tokenizer(
    name: str, *, revision: str | None, folder: Path, trust_remote_code: bool = False
) -> PreTrainedTokenizerBase:
    """A fast tokenizer as its files say it is: from `tokenizer_files` and no others, and checked against them.

    Raises:
        BenchError: exit code 5 where it cannot be had; 2 without revision, vocabulary or fast form, and where what
            is loaded is not what the files say.
    """
    path = local_folder(name, folder)
    if path is None:
        path = _from_hub(name, revision)
    elif revision is not None:
        raise BenchError(f"{name}: a local folder has no revision, got '{revision}'; leave it out")
    require_vocabulary(path)
    return checked_tokenizer(path, trust_remote_code)


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a tokenizer into the folder of its model, which is written before; it is read back and compared.

    Raises:
        BenchError: exit code 1; what stands there now is another tokenizer.
    """
    tokenizer.save_pretrained(folder)
    code = type(tokenizer).__module__.startswith(_REMOTE)
    try:
        again = read_tokenizer(str(folder.resolve()), revision=None, folder=Path(), trust_remote_code=code)
        why = "" if tokenizer_hash(again) == tokenizer_hash(tokenizer) else _difference(tokenizer, again)
    except BenchError as error:
        why = str(error)
    if why:
        raise BenchError(
            f"{folder}: the saved tokenizer, read back, differs from the one in memory: {why}",
            exit_code=ExitCode.FAILED,
        )


def check_saved(tokenizer: PreTrainedTokenizerBase, model_type: str, where: str) -> None:
    """Return only if a tokenizer is still itself once it stands beside a model of that type.

    transformers reads some types' tokenizers by a class for that type, whatever the files say.

    Raises:
        BenchError: it is not.
    """
    with TemporaryDirectory(prefix=SCRATCH) as scratch:
        (Path(scratch) / MODEL_CONFIG).write_text(json.dumps({"model_type": model_type}), encoding="utf-8")
        try:
            save_tokenizer(tokenizer, Path(scratch))
        except BenchError as error:
            reason = str(error).replace(f"{Path(scratch).resolve()}: ", "").replace(f"{scratch}: ", "")
            raise BenchError(f"{where}: beside a model of type {model_type}, {reason}; choose another type") from None


def tokenizer_hash(tokenizer: PreTrainedTokenizerBase) -> str:
    """sha256 of all that reaches token ids: vocabulary, rules, special tokens, chat template; not of paddings in use.

    Raises:
        ValueError: not a fast tokenizer.
    """
    if not tokenizer.is_fast:
        raise ValueError("expected a fast tokenizer")
    return _content_hash(*_texts(tokenizer))


def _texts(tokenizer: PreTrainedTokenizerBase) -> tuple[str, str]:
    """(the backend, all beside it that reaches token ids) as JSON."""
    return tokenizer.backend_tokenizer.to_str(), canonical(_about(tokenizer))  # type: ignore[attr-defined]


def _about(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """What reaches token ids beside the backend's vocabulary and rules."""
    about: dict[str, Any] = {
        "special_tokens": {key: str(value) for key, value in tokenizer.special_tokens_map.items()},
        "chat_template": tokenizer.chat_template,
    }
    if getattr(tokenizer, "split_special_tokens", False):
        about["split_special_tokens"] = True
    if tokenizer.clean_up_tokenization_spaces:
        about["clean_up_tokenization_spaces"] = True
    if code := _code(tokenizer):
        about["code"] = code
    return about


def _content(backend_text: str, about_text: str) -> dict[str, Any]:
    """Both JSON texts as one mapping, less what does not reach token ids."""
    backend, content = json.loads(backend_text), json.loads(about_text)
    content["backend"] = {key: value for key, value in backend.items() if key not in ("padding", "truncation")}
    if backend["model"]["type"] == "BPE":
        content.pop("clean_up_tokenization_spaces", None)  # ignored there
    return content


@lru_cache(maxsize=8)
def _content_hash(backend_text: str, about_text: str) -> str:
    """sha256 of the content; kept, since that of a large vocabulary takes a third of a second."""
    return hashlib.sha256(canonical(_content(backend_text, about_text)).encode()).hexdigest()


def id_bound(tokenizer: PreTrainedTokenizerBase) -> int:
    """Rows that a model needs: one more than the last id; more than there are entries where ids are left out."""
    return max(len(tokenizer), 1 + max(tokenizer.get_vocab().values(), default=-1))


def _from_hub(name: str, revision: str | None) -> Path:
    """Folder of a pinned revision in the hub's cache; fetched if its vocabulary is not there."""
    if revision is None:
        raise BenchError(f"tokenizer {name}: revision required for a hub id, not given")
    try:
        check_commit("revision", revision)
    except ValueError as error:
        raise BenchError(f"tokenizer {name}: {error}") from None
    folder = snapshot_folder("model", name, revision)
    if folder.is_dir() and has_vocabulary(folder):
        return folder
    require_on_hub("model", name, revision)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    what = f"tokenizer {name} at revision {revision}"
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=list(TOKENIZER_PATTERNS)))
    except (OSError, HfHubHTTPError) as error:
        raise unavailable(what, f"the download failed ({type(error).__name__})") from None
    require_sound(what, folder, TOKENIZER_PATTERNS, AGAIN)
    return folder


def _difference(before: PreTrainedTokenizerBase, after: PreTrainedTokenizerBase) -> str:
    """What is not alike: a text with other ids, else the first part of the contents."""
    parts_before, parts_after = _content(*_texts(before)), _content(*_texts(after))
    part = next(name for name in {**parts_before, **parts_after} if parts_before.get(name) != parts_after.get(name))
    for text, ids, ids_after in zip(TEXTS, ids_of(before, TEXTS), ids_of(after, TEXTS), strict=True):
        if ids != ids_after:
            return f"{text!r} was {ids[:12]}, and is {ids_after[:12]}"
    return f"its {part.replace('_', ' ')} differs"


def _code(tokenizer: PreTrainedTokenizerBase) -> dict[str, str]:
    """Hashes of the files of a class that came with a folder; nothing of those that transformers has."""
    if not type(tokenizer).__module__.startswith(_REMOTE):
        return {}
    from transformers.dynamic_module_utils import get_relative_import_files

    file = inspect.getfile(type(tokenizer))
    return {Path(path).name: file_hash(Path(path)) for path in (file, *get_relative_import_files(file))}


def _set_padding(tokenizer: PreTrainedTokenizerBase, pad_token: str | None, name: str) -> None:
    if pad_token is not None:
        if pad_token not in tokenizer.get_vocab():
            raise BenchError(f"model.pad_token: expected a token of {name}'s vocabulary, got '{pad_token}'")
        tokenizer.pad_token = pad_token
    if tokenizer.pad_token is None:
        raise BenchError(
            f"model.pad_token: required, since the tokenizer {name} names no padding token; "
            f"its special tokens are {', '.join(sorted({token[:80] for token in tokenizer.all_special_tokens}))}"
        )
