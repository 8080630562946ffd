"""Further frozen policies that a recipe names: another recipe's cell of the same seed, a starting policy, weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench import methods
from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.data.model_files import is_adapters_alone, weights_hash
from benchbench.data.tokenizer import load_tokenizer, tokenizer_hash
from benchbench.data.tokenizer_files import tokenizer_files
from benchbench.plan.prepared import Prepared
from benchbench.plan.reward_presets import reward_presets
from benchbench.plan.rounds import trained_policy
from benchbench.plan.weights import WEIGHT_PATTERNS, resolve_folder
from benchbench.recipe import library
from benchbench.recipe.anchors import AnchorSource
from benchbench.recipe.load import Loaded, load_recipe, load_untuned
from benchbench.recipe.overrides import Override, parse_overrides
from benchbench.recipe.schema import REWARD_MODEL, SFT, Recipe
from benchbench.stages.settings import ModelSettings, ReadingRun

if TYPE_CHECKING:
    from benchbench.plan.roles import Roles

_SAME = ("model", "tokenization", "data", "sft", "lora")
"""Sections that the other recipe shares, so that the cell of a seed is the one that its own comparison makes."""
_OWN = ("method.", "preference.", "rounds", "online", "reward_model.")
"""Beginnings of the keys whose overrides are of the one recipe alone."""


@dataclass(frozen=True)
class AnchorWeights:
    """Weights of a folder."""

    path: str
    hash: str

    def in_place_of(self, model: ModelSettings, run: ReadingRun) -> tuple[ModelSettings, ReadingRun]:
        """What a stage reads of a model, with these weights instead of the setting's own."""
        changes = {"weights": self.hash, "from_config": None, "train_tokenizer": None}
        return model.model_copy(update=changes), run.model_copy(update={"model_path": self.path})


def further_anchor(roles: Roles, title: str, source: AnchorSource, changes: Mapping[str, Any] | None = None) -> str:
    """The stage of the training pairs' log-probabilities under an anchor that the recipe names.

    Args:
        roles: of the recipe.
        title: for people.
        source: where the anchor is from.
        changes: other values of the settings of a reference's score.
    """
    if source.recipe is not None:
        return roles.anchor(recipe_policy(roles, source), title, changes=changes)
    if source.model_name_or_path is not None:
        return roles.anchor(None, title, anchor_weights(roles.loaded, roles.prepared, source), changes)
    return roles.anchor(roles.sft() if source.policy == "sft" else None, title, changes=changes)


def recipe_policy(roles: Roles, source: AnchorSource) -> str | None:
    """Key of the policy of another recipe, with the same seed; none where that is the base model as it is.

    Args:
        roles: of the recipe that names it.
        source: with a recipe.
    """
    return policy_of(replace(roles, loaded=anchor_recipe(roles.loaded, source), made={}, round=None))


def policy_of(other: Roles) -> str | None:
    """Key of the policy that a recipe trains, be it SFT's; none where that is the base model as it is."""
    return other.sft() if other.recipe.method.name == SFT else trained_policy(other)


def anchor_recipe(loaded: Loaded, source: AnchorSource, *, reward_model: bool = False) -> Loaded:
    """The recipe whose policy is the anchor, in the setting of the one that names it.

    Args:
        loaded: the recipe that names it.
        source: with a recipe.
        reward_model: its result is to be a reward model, and no policy.

    Raises:
        BenchError: no such recipe, a faulty one, or one of another model, tokenizer or data.
    """
    assert source.recipe is not None
    other = named_recipe(loaded, source.recipe, overrides_of_setting(loaded))
    for key in ("anchors", "model_columns", "init_from"):
        if other.recipe.preference is not None and not reward_model and getattr(other.recipe.preference, key):
            raise BenchError(f"{other.path}: expected a recipe without {key} of its own, got {source.recipe}")
    if other.recipe.guide is not None:
        raise BenchError(f"{other.path}: expected a recipe without a guide of its own, got {source.recipe}")
    if reward_model and not other.recipe.is_reward_model:
        raise BenchError(
            f"{other.path}: expected a recipe whose result is a reward model, got the policy of {source.recipe}"
        )
    if other.recipe.is_reward_model and not reward_model:
        raise BenchError(
            f"{other.path}: expected a recipe whose result is a policy, got the reward model {source.recipe}"
        )
    why = "so that both read the same tokens and start from the same policy"
    require_alike(loaded, other, loaded.values(), other.values(), _SAME, why)
    return other


def require_alike(
    loaded: Loaded,
    other: Loaded,
    ours: Mapping[str, Any],
    others: Mapping[str, Any],
    names: Sequence[str],
    why: str,
) -> None:
    """Return only if a recipe that another one names has its values.

    Args:
        loaded: the recipe that names it.
        other: the recipe.
        ours: values of the first.
        others: values of the second.
        names: keys of those that are compared.
        why: `so that ...`.

    Raises:
        BenchError: the keys that differ.
    """
    different = [name for name in names if ours.get(name) != others.get(name)]
    if different:
        raise BenchError(
            f"{other.path}: expected the {', '.join(different)} of {loaded.path}, {why}, found others; name a recipe "
            "of the same setting"
        )


def overrides_of_setting(loaded: Loaded) -> list[Override]:
    """The overrides of a recipe that another one has, too, which it names: none of what is each recipe's own."""
    return [o for o in parse_overrides(loaded.overrides) if not o.key.startswith(_OWN)]


def named_recipe(loaded: Loaded, target: str, overrides: Sequence[Override]) -> Loaded:
    """A file, or a method as a comparison takes it: its recipe in the setting, or else its defaults.

    Args:
        loaded: the recipe that names it.
        target: the file, or the method.
        overrides: laid over it.

    Raises:
        BenchError: no such recipe, or a faulty one.
    """
    setting, checks = str(loaded.setting_path), loaded.checks
    if library.looks_like_path(target):
        beside = loaded.path.parent / target
        entry = library.open_entry(str(beside if beside.is_file() else target))
        return load_recipe(entry, setting=setting, overrides=overrides, checks=checks)
    name, _, label = target.partition("@")
    variant = label or "default"
    entry = library.find_recipe(loaded.recipe.setting, name, variant)
    if entry is not None:
        return load_recipe(entry, setting=setting, overrides=overrides, checks=checks)
    variants: Mapping[str, Any] = reward_presets() if name == REWARD_MODEL else methods.get(name).variants
    if variant not in variants:
        of_recipes = library.recipe_variants(loaded.recipe.setting, name)
        known = sorted({*variants, *of_recipes})
        raise BenchError(
            f"no recipe of '{target}' in setting '{loaded.recipe.setting}'; variants of '{name}': {', '.join(known)}."
            f"{suggestion(variant, known)}"
        )
    values = variants[variant] if name == REWARD_MODEL else {"method": {"hyper": dict(variants[variant])}}
    base = library.find_setting(setting)
    return load_untuned(base, name, variant=variant, values=values, overrides=overrides, checks=checks)


def anchor_weights(loaded: Loaded, prepared: Prepared, source: AnchorSource) -> AnchorWeights:
    """The weights of a folder or hub id, which must go with the setting's tokenizer.

    Raises:
        BenchError: exit code 5 for what cannot be had; adapters alone; another tokenizer.
    """
    name, where = source.model_name_or_path, "model_name_or_path"
    assert name is not None
    folder = resolve_folder(name, source.revision, loaded.path.parent, patterns=WEIGHT_PATTERNS, where=where)
    if is_adapters_alone(folder):
        raise BenchError(f"{where}: {folder}: expected whole weights, found adapters; merge them into their base first")
    if tokenizer_files(folder):
        tokenizer = load_tokenizer(str(folder), revision=None, pad_token=loaded.recipe.model.pad_token, folder=Path())
        if tokenizer_hash(tokenizer) != prepared.tokenizer_hash:
            raise BenchError(
                f"{where}: {folder}: expected the tokenizer of the setting, found another; log-probabilities of two "
                "tokenizers cannot be compared token by token"
            )
    trusted = loaded.recipe.model.trust_remote_code
    return AnchorWeights(str(folder.resolve()), weights_hash(folder, trust_remote_code=trusted))


def anchor_faults(loaded: Loaded, prepared: Prepared) -> list[Fault]:
    """Anchors that cannot be had, or do not fit the recipe that names them."""
    named = named_anchors(loaded.recipe)
    return [fault for key, source in named.items() for fault in source_faults(loaded, prepared, source, key)]


def named_anchors(recipe: Recipe) -> dict[str, AnchorSource]:
    """Dotted key -> source of every further policy that preference training reads, that of a shaping among them."""
    if recipe.preference is None:
        return {}
    named = {f"preference.anchors.{name}": source for name, source in recipe.preference.anchors.items()}
    return named if recipe.guide is None else named | {"online.shaping.guide": AnchorSource(recipe=recipe.guide)}


def source_faults(
    loaded: Loaded, prepared: Prepared, source: AnchorSource, key: str, *, reward_model: bool = False
) -> list[Fault]:
    """What is wrong with one frozen model that a recipe names.

    Args:
        loaded: the recipe.
        prepared: what it reads.
        source: where the model is from.
        key: dotted key of the source.
        reward_model: it is to be a reward model, and no policy.
    """
    try:
        if source.recipe is not None:
            anchor_recipe(loaded, source, reward_model=reward_model)
        elif source.model_name_or_path is not None:
            anchor_weights(loaded, prepared, source)
        elif source.policy == "sft" and loaded.recipe.sft is None:
            return [Fault(f"{key}.policy", "expected base, the recipe has no sft stage")]
    except BenchError as error:
        return [Fault(key, str(error))]
    return []
