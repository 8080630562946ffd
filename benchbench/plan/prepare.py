"""Data, tokenizer and weights on disk, with their content hashes, before stages are planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from benchbench import sources
from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.core.example import Example
from benchbench.core.hashing import fingerprint
from benchbench.core.identity import plain
from benchbench.core.origin import Origin
from benchbench.core.source import LoadedSplits
from benchbench.data.audit import audit
from benchbench.data.column_shape import split_shape
from benchbench.data.hub_verified import require_verified
from benchbench.data.model_files import is_adapters_alone, weights_hash
from benchbench.data.model_size import require_possible
from benchbench.data.model_values import configuration_faults
from benchbench.data.render import read_chat_template, renderer
from benchbench.data.serial import content_hash, from_json, to_json
from benchbench.data.tokenizer import (
    id_bound,
    load_prepared_tokenizer,
    load_tokenizer,
    save_tokenizer,
    tokenizer_hash,
    train_tokenizer,
)
from benchbench.data.tokenizer_files import TOKENIZER_PATTERNS
from benchbench.plan.assumed import assumed_data, assumed_tokenizer, assumed_weights
from benchbench.plan.checks.data import split_faults
from benchbench.plan.prepared import Prepared, PreparedTexts
from benchbench.plan.repositories import cached_revisions
from benchbench.plan.starts import starting_recipes, with_starts
from benchbench.plan.trained_tokenizers import RECORD, file_hashes_of, tokenizer_fault
from benchbench.plan.transforms import apply_transforms, transforms_identity
from benchbench.plan.vocabulary import check_beside, check_rows, config_name, model_config, writes_models
from benchbench.plan.weights import WEIGHT_PATTERNS, caps_attention, context_tokens, resolve_folder
from benchbench.recipe.binding import bind
from benchbench.recipe.load import Loaded
from benchbench.recipe.model import TokenizerTraining
from benchbench.store.checksums import stamped
from benchbench.store.damage import set_folder_aside
from benchbench.store.file_hashes import file_hash
from benchbench.store.files import read_json, whole_folder, write_json
from benchbench.store.prepared import PreparedData, read_prepared, sound_prepared, write_prepared
from benchbench.store.runs import RunStore

T = TypeVar("T")
BESIDE = "stands_beside_"
"""Begins the name of an empty file in a trained tokenizer's folder: for this type of model it was found to fit."""
PREPARED_VERSION = 2
"""Raised by hand when normalising or auditing changes what is stored."""
_READING = ("data", "model", "tokenization")
"""Sections that lead to files."""


def prepare(loaded: Loaded, root: Path, *, assume: bool = False, score_split: str | None = None) -> Prepared:
    """Bring data, weights and tokenizer of a recipe to disk; what is there already is not made again.

    Args:
        loaded: the recipe.
        root: the `runs/` folder.
        assume: assume what cannot be had, for a plan that nothing runs of; the result says what is `missing`.
        score_split: scored in the place of the recipe's own.

    Raises:
        BenchError: all that cannot be had in one message, exit code 5; exit code 2 for data that is
            not as the recipe says.
    """
    missing: list[BenchError] = []
    weights = _attempt(lambda: _weights(loaded), missing)
    data = _attempt(lambda: _data(loaded, root), missing)
    known = None if weights is None else weights[0]
    tokenizer = None if data is None else _attempt(lambda: _tokenizer(loaded, root, data[0], known), missing)
    template = _attempt(lambda: _chat_template(loaded), missing)
    if missing and assume:
        assumed = (
            data or assumed_data(loaded, score_split),
            weights or assumed_weights(loaded),
            tokenizer or assumed_tokenizer(loaded),
            template or (None, None),
        )
        return Prepared(*assumed[0], *assumed[1], *assumed[2], *assumed[3], missing=tuple(map(str, missing)))
    if weights is None or data is None or tokenizer is None or template is None:
        faults = [Fault("", str(error)) for error in missing]
        raise BenchError.of_faults(str(loaded.path), faults, exit_code=ExitCode.UNAVAILABLE)
    return Prepared(*data, *weights, *tokenizer, *template)


def prepare_texts(loaded: Loaded, root: Path) -> PreparedTexts:
    """Bring data and tokenizer of a recipe to disk, as far as they can be had; weights are neither asked for nor read.

    Raises:
        BenchError: exit code 2; data that are not as the recipe says. Exit code 5; damaged files in the hub's cache.
    """
    require_verified(cached_revisions(loaded, texts_only=True), root)
    missing: list[BenchError] = []
    data = _attempt(lambda: _data(loaded, root)[0], missing)
    tokenizer, template = None, None
    if data is not None:
        tokenizer = _attempt(lambda: _tokenizer(loaded, root, data, None, TOKENIZER_PATTERNS)[0], missing)
        template = _attempt(lambda: _chat_template(loaded)[0], missing)
    return PreparedTexts(data, tokenizer, template, tuple(map(str, missing)))


def prepare_all(
    items: Sequence[Loaded],
    root: Path,
    *,
    assume: bool = False,
    score_split: str | None = None,
    verify: bool = False,
) -> list[Prepared]:
    """What each recipe reads, and each that it starts from; what several read alike is read and hashed once.

    Args:
        items: the recipes.
        root: the `runs/` folder.
        assume: what is not on this machine is neither fetched nor an error.
        score_split: scored in the place of the recipes' own.
        verify: read all that the hub's cache holds of them again, whatever was verified before.

    Raises:
        BenchError: as `prepare`; exit code 5 for files in the hub's cache that are not what the hub says they are.
    """
    chains = [(item, starting_recipes(item)) for item in items]
    revisions = [each for item, starts in chains for recipe in (item, *starts) for each in cached_revisions(recipe)]
    require_verified(revisions, root, again=verify)
    by_reading: dict[str, Prepared] = {}

    def read(item: Loaded) -> Prepared:
        folders = [str(folder.resolve()) for folder in vars(item.folders).values()]
        sections = {name: value for name, value in item.values().items() if name in _READING}
        reading = fingerprint({"folders": folders, "writes_models": writes_models(item), **sections})
        if reading not in by_reading or by_reading[reading].missing:  # each recipe names splits of its own
            by_reading[reading] = prepare(item, root, assume=assume, score_split=score_split)
        return by_reading[reading]

    return [with_starts(item, starts, read) for item, starts in chains]


def _attempt(make: Callable[[], T], missing: list[BenchError]) -> T | None:
    """What `make` gives, or none with the error noted where something cannot be had."""
    try:
        return make()
    except BenchError as error:
        if error.exit_code is not ExitCode.UNAVAILABLE:
            raise
        missing.append(error)
        return None


def _data(loaded: Loaded, root: Path) -> tuple[PreparedData, str]:
    section = loaded.recipe.data
    source = sources.get(section.source)
    options, faults = bind(source.options, section.options, where="data.options")
    assert not faults, faults
    folder, planned = loaded.folders.data, loaded.bound.get("data.transforms", ())
    identity = source.identity(options, folder)
    key = fingerprint(
        {
            "source": source.name,
            "source_version": source.version,
            "prepared_version": PREPARED_VERSION,
            "options": plain(loaded.bound["data.options"]),
            "identity": dict(identity),
            **transforms_identity(planned),
        }
    )
    prepared = sound_prepared(root, key)
    if prepared is None:
        with RunStore(root).claim(f"data/{key}"):  # else another command, which wants the same data, makes them twice
            origin = Origin.of(identity, source.files(options, folder), source.repository(options, folder))
            prepared = read_prepared(root, key) or _prepared(loaded, root, key, source.load(options, folder), origin)
    return prepared, key


def _prepared(loaded: Loaded, root: Path, key: str, read: LoadedSplits, origin: Origin) -> PreparedData:
    planned = loaded.bound.get("data.transforms", ())
    splits, transformed = apply_transforms(read, planned, where=str(loaded.path))
    hashes = {name: content_hash({name: examples}) for name, examples in splits.items()}
    shapes = {n: split_shape(e, ordered=splits.readings[n].ordered) for n, e in splits.items()}
    report = audit(splits, splits.readings).as_json() | transformed
    return write_prepared(root, key, splits, to_json, hashes=hashes, report=report, shapes=shapes, origin=origin)


def _weights(loaded: Loaded) -> tuple[str | None, str, int | None, bool]:
    model = loaded.recipe.model
    if model.model_name_or_path is None:
        require_possible(model.from_config or {}, f"{loaded.path}: model.from_config")
        if faults := configuration_faults(model.from_config or {}):
            raise BenchError.of_faults("model.from_config", faults)
        read = (None, model.from_config)
        return None, fingerprint({"from_config": model.from_config}), context_tokens(*read), caps_attention(*read)
    folder = resolve_folder(
        model.model_name_or_path,
        model.revision,
        loaded.folders.model,
        patterns=WEIGHT_PATTERNS + TOKENIZER_PATTERNS,
        where="model.model_name_or_path",
    )
    if is_adapters_alone(folder):
        raise BenchError(
            f"{loaded.path}: model.model_name_or_path: {folder}: expected whole weights, found adapters; merge them "
            "into their base and name the merged folder (`bench eval` does so by itself for a model from elsewhere)"
        )
    content = weights_hash(folder, trust_remote_code=model.trust_remote_code)
    return str(folder.resolve()), content, context_tokens(folder, None), caps_attention(folder, None)


def _tokenizer(
    loaded: Loaded,
    root: Path,
    data: PreparedData,
    weights: str | None,
    beside_weights: tuple[str, ...] = WEIGHT_PATTERNS + TOKENIZER_PATTERNS,
) -> tuple[str, str]:
    """Folder and hash; `beside_weights` are the files that are asked for where the tokenizer is the model's own."""
    model, config = loaded.recipe.model, model_config(loaded, weights)
    if model.train_tokenizer is not None:
        return _trained_tokenizer(loaded, root, data, config)
    has_own = model.tokenizer_name_or_path is not None
    key = "model.tokenizer_name_or_path" if has_own else "model.model_name_or_path"
    name = model.tokenizer_name_or_path or model.model_name_or_path
    assert name is not None, "the schema asks for one"
    folder = resolve_folder(
        name,
        model.tokenizer_revision if has_own else model.revision,
        loaded.folders.tokenizer if has_own else loaded.folders.model,
        patterns=TOKENIZER_PATTERNS if has_own else beside_weights,
        where=key,
    )
    path = str(folder.resolve())
    tokenizer = load_prepared_tokenizer(path, model)
    check_rows(id_bound(tokenizer), config)
    if writes_models(loaded):
        check_beside(loaded, tokenizer, config, lent=path != weights)
    section, beside = loaded.recipe.tokenization, loaded.folders.chat_template
    if section.chat_template is None or (beside / section.chat_template).is_file():
        renderer(section, tokenizer, folder=beside)  # refuses an unusable template before anything is trained
    return path, tokenizer_hash(tokenizer)


def _chat_template(loaded: Loaded) -> tuple[str | None, str | None]:
    name = loaded.recipe.tokenization.chat_template
    if name is None:
        return None, None
    path = loaded.folders.chat_template / name
    if not path.is_file():
        raise BenchError(f"{loaded.path}: tokenization.chat_template: no file {path}", exit_code=ExitCode.UNAVAILABLE)
    read_chat_template(path)
    return str(path.resolve()), file_hash(path)


def _trained_tokenizer(loaded: Loaded, root: Path, data: PreparedData, config: Mapping[str, Any]) -> tuple[str, str]:
    training = loaded.recipe.model.train_tokenizer
    assert training is not None
    if training.split not in data.hashes:
        raise BenchError.of_faults(str(loaded.path), split_faults(loaded.recipe, data, None))
    key = fingerprint({"training": training.model_dump(mode="json"), "data": data.hashes[training.split]})
    folder = root / "tokenizer" / key
    record, beside = folder / RECORD, folder / f"{BESIDE}{config_name(loaded, config)}"
    if not _is_sound(folder, record, root):
        with RunStore(root).claim(f"tokenizer/{key}"):
            if tokenizer_fault(record):  # else another command trained it meanwhile
                _train(data, training, folder)
    recorded = read_json(record)
    check_rows(recorded.get("entries", 0), config)
    if writes_models(loaded) and not beside.is_file():
        tokenizer = load_tokenizer(str(folder.resolve()), revision=None, pad_token=None, folder=Path())
        check_beside(loaded, tokenizer, config, lent=True)
        beside.touch()
    return str(folder.resolve()), recorded["hash"]


def _train(data: PreparedData, training: TokenizerTraining, folder: Path) -> None:
    texts = [text for line in data.lines(training.split) for text in _texts(from_json(line))]
    with whole_folder(folder, keep=lambda there: tokenizer_fault(there / RECORD) == "") as draft:
        tokenizer = train_tokenizer(texts, training)
        save_tokenizer(tokenizer, draft)
        about = {"hash": tokenizer_hash(tokenizer), "entries": id_bound(tokenizer), "files": file_hashes_of(draft)}
        write_json(draft / RECORD, stamped({"key": folder.name, **about}))


def _is_sound(folder: Path, record: Path, root: Path) -> bool:
    """Whether a trained tokenizer is there as it was written; one that is not is set aside, and a line says so."""
    if not folder.exists():
        return False
    if tokenizer_fault(record):
        set_folder_aside(root, folder, lambda: tokenizer_fault(record) if folder.exists() else "")
    return folder.exists()


def _texts(example: Example) -> list[str]:
    prompts = (example.prompt, *dict.fromkeys(example.prompts or ()))
    return [message.content for prompt in prompts for message in prompt] + list(example.candidates)
