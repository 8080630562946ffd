"""Rows of a comparison that are settings of grids, so that each method has a curve over the KL: `--grid`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchbench.commands.resolve import refuse_named_twice, resolve, resolve_all
from benchbench.commands.tune.grid import Axis, Setting, parse_grid, settings_of
from benchbench.core.errors import BenchError, Fault
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import Override
from benchbench.recipe.schema import SFT

OF_TARGET = ":"
"""Between a target and the key of an axis that is its alone, as in `rloo:method.hyper.kl_weight=0.01,0.1`."""


def grid_rows(
    targets: Sequence[str], texts: Sequence[str], *, setting: str | None, overrides: Sequence[Override]
) -> dict[str, list[Loaded]]:
    """Target -> its rows: one for each setting of its grid, or the target alone; the policy that all start from is one.

    Args:
        targets: as they were written.
        texts: of `--grid`: `key=v1,v2` for every target, or `target:key=v1,v2` for one, in the place of an axis of the
            same key for every target.
        setting: name or path.
        overrides: `--set` values, under every setting of a grid.

    Raises:
        BenchError: an axis that cannot be read, a target that is none, a key that a recipe does not take, or a label
            that is there twice.
    """
    loaded = dict(zip(targets, resolve_all(targets, setting=setting, overrides=overrides), strict=True))
    if not texts:
        return {target: [item] for target, item in loaded.items()}
    axes = _axes_of_targets(targets, texts)
    rows: dict[str, list[Loaded]] = {}
    for target, item in loaded.items():
        of_target = () if item.recipe.method.name == SFT else axes[target]
        rows[target] = [_row(target, item, values, setting, overrides) for values in settings_of(of_target)]
    refuse_named_twice([item.label for items in rows.values() for item in items])
    return rows


def _axes_of_targets(targets: Sequence[str], texts: Sequence[str]) -> dict[str, tuple[Axis, ...]]:
    """Target -> its axes.

    Raises:
        BenchError: an axis of a target that is not compared, or that cannot be read.
    """
    of_all: list[str] = []
    of_target: dict[str, list[str]] = {target: [] for target in targets}
    faults: list[Fault] = []
    for text in texts:
        target, colon, axis = text.partition("=")[0].rpartition(OF_TARGET)
        if not colon:
            of_all.append(text)
        elif target in of_target:
            of_target[target].append(text.removeprefix(f"{target}{OF_TARGET}"))
        else:
            named = ", ".join(targets)
            faults.append(Fault(f"--grid {text}", f"expected {named} before '{OF_TARGET}{axis}', got '{target}'"))
    if faults:
        raise BenchError.of_faults("command line", faults)
    shared = parse_grid(of_all) if of_all else ()
    return {target: _together(shared, parse_grid(single) if single else ()) for target, single in of_target.items()}


def _together(shared: Sequence[Axis], single: Sequence[Axis]) -> tuple[Axis, ...]:
    """The axes of every target, those of one target in the place of the same key's."""
    axes: dict[str, Axis] = {axis[0].key: axis for axis in (*shared, *single)}
    return tuple(axes.values())


def _row(target: str, item: Loaded, values: Setting, setting: str | None, overrides: Sequence[Override]) -> Loaded:
    """One setting of a target's grid under a variant name of its own; the target where its grid has no axis."""
    if not values:
        return item
    keys = {value.key for value in values}
    method = item.recipe.method
    texts = [method.variant] * (method.variant != "default") + [_short(value, keys) for value in values]
    loaded = resolve(target, setting=setting, overrides=_laid_over(overrides, values))
    method = loaded.recipe.method.model_copy(update={"variant": ",".join(texts)})
    return replace(loaded, recipe=loaded.recipe.model_copy(update={"method": method}), grid=item.label)


def _laid_over(overrides: Sequence[Override], values: Setting) -> tuple[Override, ...]:
    """Overrides with those of a grid after them.

    Raises:
        BenchError: a key of both.
    """
    both = sorted({override.key for override in overrides} & {value.key for value in values})
    if both:
        raise BenchError(f"--grid {', '.join(both)}: set by --set, too; keep one")
    return (*overrides, *values)


def _short(value: Override, keys: set[str]) -> str:
    """`learning_rate=0.0001` of `preference.learning_rate=0.0001`, unless two keys end alike."""
    last = value.key.rpartition(".")[2]
    alone = sum(key.rpartition(".")[2] == last for key in keys) == 1
    return value.text.removeprefix(value.key.removesuffix(last)) if alone else value.text


def commands_of(rows: Mapping[str, Sequence[Loaded]], overrides: Sequence[str]) -> list[tuple[Loaded, str, list[str]]]:
    """(row, its target, `--set` texts that make it) of every row.

    Args:
        rows: target -> its rows.
        overrides: `--set` texts of the whole comparison.
    """
    return [
        (item, target, [*overrides, *item.overrides[len(overrides) :]] if item.grid else list(overrides))
        for target, items in rows.items()
        for item in items
    ]
