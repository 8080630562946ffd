"""What a user names on the command line, as resolved recipes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench import methods
from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.core.seeding import HIGHEST_SEED
from benchbench.plan.checks.recipe import bind_free_parts
from benchbench.plan.reward_presets import reward_presets
from benchbench.recipe import library
from benchbench.recipe.load import Loaded, load_recipe, load_untuned
from benchbench.recipe.method_file import method_name_of, split_method_file
from benchbench.recipe.overrides import Override
from benchbench.recipe.schema import BASE, REWARD_MODEL, SFT, STARTS

DEFAULT_SETTING = "tiny"
_OF_THE_SPLIT = ("generate.split", "generate.num_prompts")
"""Which of a split's prompts are answered; a prompt file is answered whole."""
CHECKS = (bind_free_parts,)


def resolve(target: str, *, setting: str | None, overrides: Iterable[Override] = ()) -> Loaded:
    """One recipe from a path, or from METHOD or METHOD@VARIANT in a setting.

    Args:
        target: what the user wrote: METHOD, METHOD@VARIANT, a recipe, or a method's file as FILE.py or FILE.py@VARIANT.
        setting: name or path of the setting; for a path none keeps the one it names.
        overrides: `--set` values.

    Raises:
        BenchError: no such file, method, variant or setting, two recipes that match, or a faulty recipe.
    """
    in_file, overrides = split_method_file(target), tuple(overrides)
    if in_file is None and library.looks_like_path(target):
        return load_recipe(library.open_entry(target), setting=setting, overrides=overrides, checks=CHECKS)
    file: Path | None = None
    if in_file is None:
        name, _, variant = target.partition("@")
        name = _start(setting, overrides) if name == BASE else name
        presets = reward_presets() if name == REWARD_MODEL else _presets(name)
        variant = variant or "default"
    else:
        file, variant = Path(in_file[0]).expanduser().absolute(), in_file[1]
        name = method_name_of(in_file[0])
        presets = _presets(name, file=str(file))
    base = library.find_setting(setting or DEFAULT_SETTING)
    entry = library.find_recipe(base.setting_name, name, variant) if file is None else None
    if entry is not None:
        return load_recipe(entry, setting=str(base.path), overrides=overrides, checks=CHECKS)
    if variant not in presets:
        known = sorted({*presets, *library.recipe_variants(base.setting_name, name)})
        raise BenchError(
            f"unknown variant '{variant}' of method '{name}'.{suggestion(variant, known)} Known: {', '.join(known)}."
            f"{_elsewhere(base.setting_name, name, variant)}"
        )
    return load_untuned(
        base, name, variant=variant, values=presets[variant], file=file, overrides=overrides, checks=CHECKS
    )


def _start(setting: str | None, overrides: Iterable[Override]) -> str:
    """The method behind `base`, which is what tables call the row that all methods of a setting without SFT start from.

    Raises:
        BenchError: the setting has an SFT stage.
    """
    base = library.extended(library.find_setting(setting or DEFAULT_SETTING))
    without = any((override.key, override.value) == (SFT, None) for override in overrides)
    if base.values.get(SFT) is not None and not without:
        raise BenchError(
            f"'{BASE}': expected a method, got the name of the row that all methods of a setting without an SFT stage "
            f"start from; '{base.setting_name}' has such a stage, and its row is '{SFT}'"
        )
    return SFT


def _presets(name: str, *, file: str | None = None) -> Mapping[str, Mapping[str, Any]]:
    """Variant of a method -> what it writes into a recipe.

    Raises:
        BenchError: no method has this name.
    """
    variants = methods.get(name, file=file).variants
    return {key: {"method": {"hyper": dict(hyper)}} for key, hyper in variants.items()}


def refuse_unread(overrides: Sequence[Override]) -> None:
    """Refuse `--set` values that a prompt file leaves unread.

    Raises:
        BenchError: names them.
    """
    unread = [override.text for override in overrides if override.key in _OF_THE_SPLIT]
    if unread:
        named = ", ".join(unread)
        raise BenchError(f"--set {named}: not read with --prompts, whose file is answered whole; leave it out")


def _elsewhere(setting: str, method: str, variant: str) -> str:
    """The sentence that names settings of which a recipe has this variant, where the one that was meant has none."""
    others = [entry for entry in library.entries() if not entry.is_setting and entry.method == (method, variant)]
    names = sorted({entry.setting_name for entry in others} - {setting})
    if not names:
        return ""
    shown = ", ".join(sorted(entry.shown for entry in others))
    return f" Setting '{setting}' has no such recipe; {', '.join(names)} has ({shown}): give --setting {names[0]}."


def resolve_all(targets: Sequence[str], *, setting: str | None, overrides: Sequence[Override]) -> list[Loaded]:
    """Every target, in order.

    Raises:
        BenchError: as `resolve`; or a label that is named twice.
    """
    loaded = [resolve(target, setting=setting, overrides=overrides) for target in targets]
    refuse_named_twice([item.label for item in loaded])
    return loaded


def refuse_named_twice(labels: Sequence[str]) -> None:
    """Return only if every label is there once.

    Raises:
        BenchError: names those that are not.
    """
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise BenchError(
            f"{', '.join(twice)}: named twice; give all but one a name of its own, `method.variant` in its recipe"
        )


def parse_seeds(texts: Sequence[str] | None) -> tuple[int, ...] | None:
    """`--seeds` as whole numbers, or none where not given.

    Raises:
        BenchError: text, a negative number, or a seed given twice; all faults at once.
    """
    if not texts:
        return None
    plain = [text.lstrip("0") or "0" if text.isascii() and text.isdecimal() else "" for text in texts]
    good = [0 < len(digits) < 20 and int(digits) <= HIGHEST_SEED for digits in plain]
    faults = [
        Fault("--seeds", f"expected whole numbers of 0 or more, {'below 2^63, ' * bool(digits)}got {_no_seed(text)}")
        for text, digits, is_good in zip(texts, plain, good, strict=True)
        if not is_good
    ]
    seeds = [int(digits) for digits, is_good in zip(plain, good, strict=True) if is_good]
    faults += [Fault("--seeds", f"{seed} is given twice") for seed in sorted({s for s in seeds if seeds.count(s) > 1})]
    if faults:
        raise BenchError.of_faults("command line", faults)
    return tuple(seeds)


def _no_seed(text: str) -> str:
    """What was found in the place of a seed, and what to do."""
    advice = "put a space between two seeds" if "," in text else "put methods and recipes before --seeds"
    return f"'{text[:40]}'; {advice}"


def common_seeds(loaded: Sequence[Loaded], requested: tuple[int, ...] | None) -> tuple[int, ...]:
    """The seeds of a comparison: as given, or those that all recipes share.

    Raises:
        BenchError: the recipes pin different seeds and none were given.
    """
    if requested is not None:
        return requested
    lists = {item.label: tuple(item.recipe.seeds.list) for item in loaded}
    if len(set(lists.values())) > 1:
        pinned = "; ".join(f"{label}: {' '.join(map(str, seeds))}" for label, seeds in lists.items())
        raise BenchError(f"the recipes pin different seeds ({pinned}); name those to compare with --seeds")
    return next(iter(lists.values()))


def notice(setting: str, labels: Iterable[str], text: str) -> str:
    """The first line of a comparison in a setting that is no evidence, with where else there are recipes of them.

    Args:
        setting: of the comparison.
        labels: METHOD or METHOD@VARIANT of its rows; a recipe of another variant is no recipe of theirs.
        text: of the setting; empty for one that is evidence.
    """
    if not text:
        return ""
    variants = {label: (name, variant or "default") for label in labels for name, _, variant in [label.partition("@")]}
    wanted = {variant for variant in variants.values() if variant[0] not in STARTS}
    others = sorted({e.setting_name for e in library.entries() if not e.is_setting and e.method in wanted} - {setting})
    elsewhere = ", ".join(others) if others else "none"
    return f"{setting}: {text}; other settings with recipes for these methods: {elsewhere}"
