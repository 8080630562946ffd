"""Which tokens end the responses of a recipe, found before anything runs, since they are part of what is drawn."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.hub_access import local_folder, require_on_hub
from benchbench.data.hub_cache import require_sound
from benchbench.data.json_files import json_in
from benchbench.data.tokenizer import load_tokenizer
from benchbench.data.turn_end import TurnEnd, turn_end, writes_no_turn_end
from benchbench.generation.stops import CONFIGURED, EOS, Stops, all_stops
from benchbench.plan.prepared import Prepared
from benchbench.recipe.load import Loaded
from benchbench.recipe.schema import TokenizationSection


def planned_stops(loaded: Loaded, prepared: Prepared) -> Stops | None:
    """The tokens that end a response; none where EOS and the recipe's own are all there is to it.

    A tokenizer takes seconds to load, so it is loaded only where there is something to look at.

    Args:
        loaded: a recipe with a `generate` or an `online` section.
        prepared: what it reads.

    Raises:
        BenchError: a generation_config.json that cannot be read; exit code 5 where it is not known whether the model
            has one.
    """
    recipe = loaded.recipe
    named = recipe.generate is not None and recipe.generate.stop_tokens
    if (recipe.generate is None and recipe.online is None) or named or prepared.missing:
        return None
    configured = configured_ids(loaded, prepared)
    if not configured and writes_no_turn_end(recipe.tokenization):
        return None
    key = _tokenizer_key(loaded, prepared)
    section = recipe.tokenization.model_copy(update={"chat_template": prepared.chat_template})
    end = _turn_end(*key, section.model_dump_json(), prepared.chat_template_hash)
    own_tokenizer = recipe.model.tokenizer_name_or_path is None and recipe.model.train_tokenizer is None
    return all_stops(_tokenizer(*key), end, configured=configured, own_tokenizer=own_tokenizer)


def stopping(loaded: Loaded, prepared: Prepared) -> tuple[tuple[int, ...] | None, dict[str, Any] | None]:
    """What the stops add to a generate stage: ids that are part of its identity, and how they were found.

    No ids where EOS is the only stop, as it was before there were others.

    Raises:
        BenchError: as `planned_stops`.
    """
    stops = planned_stops(loaded, prepared)
    if stops is None:
        return None, None
    alone = all(EOS in stop.origins for stop in stops.tokens)
    return None if alone else tuple(sorted(stops.ids)), stops.as_json()


def tokenizer_of(loaded: Loaded, prepared: Prepared) -> Any:
    """The recipe's tokenizer, loaded once per process."""
    return _tokenizer(*_tokenizer_key(loaded, prepared))


def configured_ids(loaded: Loaded, prepared: Prepared) -> tuple[int, ...]:
    """The ids that generation_config.json in the model's folder calls the ends of a response.

    Raises:
        BenchError: as `planned_stops`.
    """
    path = _generation_config(loaded, prepared)
    if path is None:
        return ()
    try:
        configuration = json_in(path)
        named = configuration.get("eos_token_id")
        ids = tuple(named) if isinstance(named, list) else () if named is None else (named,)
        if not all(isinstance(i, int) and not isinstance(i, bool) for i in ids):
            raise TypeError(f"eos_token_id: {named!r}")
    except (ValueError, TypeError, AttributeError) as error:
        raise BenchError(
            f"{path}: expected a JSON object whose eos_token_id is an id or a list of ids, found something else "
            f"({error}); mend the file, or set generate.stop_tokens, which replaces it"
        ) from None
    return ids


def _generation_config(loaded: Loaded, prepared: Prepared) -> Path | None:
    """The file, or none where the model has none; a file of the hub that nobody asked for yet is asked for."""
    model = loaded.recipe.model
    if prepared.model_path is None or model.model_name_or_path is None:
        return None
    path = Path(prepared.model_path) / CONFIGURED
    if path.is_file():
        return path
    if local_folder(model.model_name_or_path, loaded.folders.model) is not None:
        return None
    assert model.revision is not None, "a hub id has a revision"
    return _from_hub(model.model_name_or_path, model.revision)


def _from_hub(name: str, revision: str) -> Path | None:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

    cached = try_to_load_from_cache(name, CONFIGURED, revision=revision)
    if cached is not None:
        return Path(cached) if isinstance(cached, str) else None  # else the cache knows that there is none
    try:
        require_on_hub("model", name, revision)  # which answers in time
        path = Path(hf_hub_download(name, CONFIGURED, revision=revision))
    except (BenchError, LocalEntryNotFoundError) as error:  # the second is a kind of EntryNotFoundError
        raise _unknown(name, str(error)) from None
    except EntryNotFoundError:
        return None
    except (OSError, HfHubHTTPError) as error:
        raise _unknown(name, f"the download failed ({type(error).__name__}); run `bench fetch RECIPE`") from None
    require_sound(f"model {name} at revision {revision}", path.parent, (CONFIGURED,))
    return path


def _unknown(name: str, why: str) -> BenchError:
    return BenchError(
        f"{name}: cannot tell whether the model has a {CONFIGURED}, whose eos_token_id ends responses: {why}; "
        "or set generate.stop_tokens, which replaces it",
        exit_code=ExitCode.UNAVAILABLE,
    )


def _tokenizer_key(loaded: Loaded, prepared: Prepared) -> tuple[str, str, str | None, bool]:
    model = loaded.recipe.model
    return prepared.tokenizer_path, prepared.tokenizer_hash, model.pad_token, model.trust_remote_code


@lru_cache(maxsize=2)
def _tokenizer(path: str, content: str, pad_token: str | None, trust: bool) -> Any:
    """`content` is the hash that tells one tokenizer of a folder from another."""
    return load_tokenizer(path, revision=None, pad_token=pad_token, folder=Path(), trust_remote_code=trust)


@lru_cache(maxsize=8)
def _turn_end(
    path: str, content: str, pad_token: str | None, trust: bool, section: str, template: str | None
) -> TurnEnd:
    """`template` is the hash that tells one chat template of a path from another."""
    tokenizer = _tokenizer(path, content, pad_token, trust)
    return turn_end(TokenizationSection.model_validate_json(section), tokenizer)
