"""Is a tokenizer, once it is loaded, what its files say? transformers rebuilds some by their class instead."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError
from benchbench.data.tokenizer_files import (
    CONFIG,
    MERGES,
    MODEL_CONFIG,
    SENTENCEPIECE,
    WHOLE,
    WORD_LISTS,
    read_object,
)
from benchbench.data.tokenizer_probes import TEXTS, Held, drops_white_space, ids_of, spread, with_special

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SHOWN, _LONGEST = 3, 80
"""Names in a message, and characters of one."""
AS_IT_IS = ("PreTrainedTokenizerFast", "TokenizersBackend")
"""Classes that add no rules of their own to tokenizer.json."""


@dataclass(frozen=True)
class _Expected:
    """What tokenizer.json says by itself, without any class of transformers."""

    ids: Mapping[str, list[int]]
    """Probe -> its tokens."""
    size: int
    held: Held
    white_space: bool
    """It is kept."""


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, files: Mapping[str, Path], where: str) -> None:
    """Return only if a tokenizer does what its files say and keeps every character that its vocabulary can hold.

    Args:
        tokenizer: as it was loaded, before anything was set.
        files: that it was loaded from.
        where: its folder, for messages.

    Raises:
        BenchError: the class, the file, a text with both results, and what to do.
    """
    try:
        fault = _against_whole(tokenizer, files) if WHOLE in files else _against_parts(tokenizer, files)
    except Exception as error:  # the backend raises nothing narrower where it cannot encode a text
        if isinstance(error, BenchError):
            raise
        fault = (
            f"{type(tokenizer).__name__} cannot encode a plain text with these files ({error}); {how_to_mend(files)}"
        )
    if fault is not None:
        raise BenchError(f"{where}: {fault}")


def _against_whole(tokenizer: PreTrainedTokenizerBase, files: Mapping[str, Path]) -> str | None:
    path = files[WHOLE].resolve()
    stat = path.stat()
    split = bool(getattr(tokenizer, "split_special_tokens", False))
    expected = _expected(path, stat.st_size, stat.st_mtime_ns, stat.st_ino, split)
    texts, name = list(expected.ids), type(tokenizer).__name__
    for text, ids in zip(texts, ids_of(tokenizer, texts), strict=True):
        if ids != expected.ids[text]:
            return (
                f"{name} does not do what {WHOLE} says: {text!r} is {_some(expected.ids[text])} by the file, "
                f"{_some(ids)} as it is loaded, which reads {tokenizer.decode(ids)!r}; {how_to_mend(files)}"
            )
    if len(tokenizer) != expected.size:
        known = json.loads(path.read_text(encoding="utf-8"))
        if fault := _undeclared(tokenizer, {*_entries(known)}, files, WHOLE):
            return fault
    return _roundtrip(tokenizer, files, expected.held, white_space=expected.white_space)


@lru_cache(maxsize=16)
def _expected(path: Path, size: int, changed: int, inode: int, split: bool) -> _Expected:
    """From the file alone; `size`, `changed` and `inode` make another file of one that was written since."""
    from tokenizers import Tokenizer

    whole = Tokenizer.from_file(str(path))
    whole.no_padding()
    whole.no_truncation()
    whole.encode_special_tokens = split
    vocabulary = whole.get_vocab(with_added_tokens=True)
    special = [token.content for token in whole.get_added_tokens_decoder().values()]
    sample = [whole.decode([i], skip_special_tokens=False) for i in spread(list(vocabulary.values()))]
    ids: dict[str, list[int]] = {}
    for text in (*TEXTS, *with_special(special), *sample):
        try:
            ids[text] = whole.encode(text, add_special_tokens=False).ids
        except Exception:  # noqa: S112 (a vocabulary without an unknown token; what has no entry cannot be compared)
            continue
    rules = json.loads(path.read_text(encoding="utf-8")).get("pre_tokenizer")
    return _Expected(ids, len(vocabulary), Held(vocabulary), not drops_white_space(rules))


def _entries(whole: Mapping[str, Any]) -> Iterator[str]:
    """All tokens of a tokenizer.json."""
    for entry in whole["model"]["vocab"]:
        yield entry if isinstance(entry, str) else entry[0]
    for added in whole.get("added_tokens", ()):
        yield added["content"]


def _undeclared(
    tokenizer: PreTrainedTokenizerBase, known: set[str], files: Mapping[str, Path], file: str
) -> str | None:
    """Entries that transformers adds at the end, unless a file says which ids they have."""
    added = {str(token): int(i) for token, i in read_object(files.get("added_tokens.json", Path())).items()}
    for i, token in read_object(files.get(CONFIG, Path())).get("added_tokens_decoder", {}).items():
        added[str(token["content"] if isinstance(token, dict) else token)] = int(i)
    vocabulary, name = tokenizer.get_vocab(), type(tokenizer).__name__
    counts = f"{file} has {len(known)} entries, {name} has {len(vocabulary)}"
    if missing := sorted(known - set(vocabulary)):
        return f"{counts}, without {', '.join(map(_short, missing[:_SHOWN]))}; {how_to_mend(files)}"
    extra = sorted((i, token) for token, i in vocabulary.items() if token not in known and added.get(token) != i)
    if not extra:
        return None
    names = ", ".join(_short(token) for _, token in extra[:_SHOWN])
    more = f" and {len(extra) - _SHOWN} more" if len(extra) > _SHOWN else ""
    return (
        f"{counts}: {names}{more} would get ids from {extra[0][0]} on, which {file} does not have; name tokens of the "
        f"vocabulary in {CONFIG}, or save the tokenizer again with the program that trained the model"
    )


def how_to_mend(files: Mapping[str, Path]) -> str:
    """What to do about a tokenizer that is not what its files say."""
    kind = read_object(files.get(CONFIG, Path())).get("tokenizer_class")
    if WHOLE not in files:
        return (
            f"put a {WHOLE} there (the hub's page of the model often has one), or name the class that it was made for "
            f'in {CONFIG}, as in {{"tokenizer_class": "GPT2Tokenizer"}}'
        )
    if kind in AS_IT_IS and MODEL_CONFIG not in files:
        return "bring its files back as they were, or make them again"
    if kind in AS_IT_IS:
        model = read_object(files.get(MODEL_CONFIG, Path())).get("model_type")
        return (
            f"transformers reads any tokenizer beside a model of type {model} like this; name a folder without "
            f"{MODEL_CONFIG} as model.tokenizer_name_or_path"
        )
    return (
        f"set tokenizer_class in {CONFIG} to {AS_IT_IS[0]}, which reads {WHOLE} as it is (for a model of the hub in a "
        "copy of its tokenizer's files, named as model.tokenizer_name_or_path)"
    )


def _against_parts(tokenizer: PreTrainedTokenizerBase, files: Mapping[str, Path]) -> str | None:
    """A vocabulary whose rules come from a class: the entries, the merges, the pieces, then the round trip."""
    backend = json.loads(tokenizer.backend_tokenizer.to_str())  # type: ignore[attr-defined]  # fast ones have it
    white_space = not drops_white_space(backend.get("pre_tokenizer"))
    for name in WORD_LISTS:
        if name in files:
            fault = _word_list(tokenizer, backend["model"], files, name)
            return fault or _roundtrip(tokenizer, files, Held(tokenizer.get_vocab()), white_space=white_space)
    for name in SENTENCEPIECE:
        if name in files and (fault := _pieces(tokenizer, files, name)):
            return fault
    return _roundtrip(tokenizer, files, Held(tokenizer.get_vocab()), white_space=white_space)


def _word_list(
    tokenizer: PreTrainedTokenizerBase, model: Mapping[str, Any], files: Mapping[str, Path], name: str
) -> str | None:
    text = files[name].read_text(encoding="utf-8")
    listed = json.loads(text) if name.endswith(".json") else {t: i for i, t in enumerate(text.splitlines())}
    if fault := _undeclared(tokenizer, set(listed), files, name):
        return fault
    vocabulary, kind = tokenizer.get_vocab(), type(tokenizer).__name__
    if moved := next((token for token, i in listed.items() if vocabulary.get(token) != i), None):
        own_id, listed_id = vocabulary.get(moved), listed[moved]
        return f"{kind} gives {moved!r} the id {own_id}, {name} the id {listed_id}; {how_to_mend(files)}"
    if model["type"] != "BPE":
        return None
    if MERGES not in files:
        return f"{name} without {MERGES}: its merges would be guessed; {how_to_mend(files)}"
    lines = files[MERGES].read_text(encoding="utf-8").splitlines()
    wanted = [tuple(line.split()) for line in lines if line.strip() and not line.startswith("#version")]
    merges = [tuple(merge.split(" ") if isinstance(merge, str) else merge) for merge in model["merges"]]
    if wanted != merges:
        return f"{kind} has {len(merges)} merges that are not the {len(wanted)} of {MERGES}; {how_to_mend(files)}"
    return None


def _pieces(tokenizer: PreTrainedTokenizerBase, files: Mapping[str, Path], name: str) -> str | None:
    """Against the library that such a file is made for; transformers converts it, and some conversions differ."""
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError:
        return f"{name}: cannot be checked without the package sentencepiece; put a {WHOLE} there"
    processor = SentencePieceProcessor(model_file=str(files[name]))
    for text, ids in zip(TEXTS, ids_of(tokenizer, TEXTS), strict=True):
        wanted = processor.encode(text, out_type=str)  # type: ignore[attr-defined]  # it has no types
        converted = tokenizer.convert_ids_to_tokens(ids)
        if wanted != converted:
            return (
                f"{type(tokenizer).__name__} does not do what {name} says: {text!r} is {_some(wanted)} by the file, "
                f"{_some(converted)} as it is converted; put a {WHOLE} there (the hub's page of the model often has "
                "one)"
            )
    return None


def _roundtrip(
    tokenizer: PreTrainedTokenizerBase, files: Mapping[str, Path], held: Held, *, white_space: bool
) -> str | None:
    """A text that comes back as another, unless the tokenizer's normaliser says that it does.

    A space in front is no fault: many tokenizers put one before every text.
    """
    texts = [text for text in map(held.of, TEXTS) if text.strip()]
    normaliser = tokenizer.backend_tokenizer.normalizer  # type: ignore[attr-defined]
    for text, ids in zip(texts, ids_of(tokenizer, texts), strict=True):
        if tokenizer.unk_token_id in ids:  # counted where a text of the data has one
            continue
        back = str(tokenizer.decode(ids, clean_up_tokenization_spaces=False))
        wanted = text if normaliser is None else normaliser.normalize_str(text)
        if _plain(back, white_space) != _plain(wanted, white_space):
            return (
                f"{type(tokenizer).__name__} does not keep what its vocabulary has tokens for: {text!r} comes back as "
                f"{back!r}; {how_to_mend(files)}"
            )
    return None


def _plain(text: str, white_space: bool) -> str:
    spaced = text.replace("\u2581", " ")
    return spaced.lstrip(" ") if white_space else "".join(spaced.split())


def _short(token: str) -> str:
    """A token in a message; a file may call any text one."""
    return repr(token if len(token) <= _LONGEST else f"{token[:_LONGEST]}...")


def _some(values: Sequence[Any]) -> str:
    shown = ", ".join(map(str, values[:12]))
    return f"[{shown}{', ...' if len(values) > 12 else ''}]"
