"""`bench compare`: train what is missing, then show methods beside each other, paired by seed and prompt."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from benchbench.commands.compare.conditions import places, quantities
from benchbench.commands.compare.fairness import refuse_other_judges, refuse_unequal
from benchbench.commands.compare.grids import grid_rows
from benchbench.commands.compare.ledger.matching import refuse_planned_apart, with_draws
from benchbench.commands.compare.ledger.planned import planned
from benchbench.commands.resolve import common_seeds, notice, parse_seeds, refuse_unread, resolve
from benchbench.commands.run_plan import RunOptions, Session, incomplete, open_session, run_session
from benchbench.comparison.ledger import Ledger
from benchbench.core.errors import BenchError, unknown_name
from benchbench.data.prompt_files import read_prompt_file
from benchbench.plan.prompt_sets import prepare_prompts
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import Override, parse_overrides
from benchbench.recipe.schema import REWARD_MODEL, SFT
from benchbench.store.comparison_folders import comparison_id


@dataclass(frozen=True)
class CompareRequest:
    """What is to be compared."""

    targets: Sequence[str]
    setting: str | None = None
    seeds: Sequence[str] | None = None
    baseline: str | None = None
    overrides: Sequence[str] = ()
    metrics: Sequence[str] = ()
    allow_different: bool = False
    allow_mixed: bool = False
    pairs_only: bool = False
    """Neither draw nor judge responses."""
    prompts: Path | None = None
    """File of prompts that are answered instead of the setting's own split."""
    match: Sequence[str] = ()
    """What rows are to have been given alike: `labels`, `responses`, `updates`; others are marked."""
    at: Sequence[str] = ()
    """`kl=NUMBER`: the KL at which curves are compared, nats per response."""
    grid: Sequence[str] = ()
    """`key=v1,v2` or `target:key=v1,v2`: each target is a row for every value, and these rows are one curve."""
    own_budgets: bool = False
    """Each row has the prompts and updates of its own recipe, which marks it, where else rows that draw are refused."""

    @property
    def command(self) -> str:
        """The command line that asks for this, without folders, device and workers."""
        words = ["bench", "compare", *self.targets]
        for option, values in {
            "--setting": [self.setting] if self.setting else [],
            "--seeds": self.seeds or [],
            "--baseline": [self.baseline] if self.baseline else [],
            "--metrics": self.metrics,
            "--prompts": [self.prompts] if self.prompts else [],
        }.items():
            words += [option, *map(str, values)] if values else []
        repeated = {"--set": self.overrides, "--grid": self.grid, "--match": self.match, "--at": self.at}
        for option, values in repeated.items():
            words += [word for text in values for word in (option, text)]
        flags = {
            "--allow-different": self.allow_different,
            "--allow-mixed": self.allow_mixed,
            "--pairs-only": self.pairs_only,
        }
        return shlex.join([*words, *(flag for flag, is_set in flags.items() if is_set)])


@dataclass(frozen=True)
class PreparedComparison:
    """A comparison that can start."""

    loaded: list[Loaded]
    targets: Mapping[str, Sequence[Loaded]]
    """What was named -> its rows among those that are loaded."""
    seeds: tuple[int, ...]
    baseline: str
    session: Session
    notice: str
    shown: tuple[tuple[str, str | None], ...]
    """(metric, scoring or none for all) asked for; the headline is always shown."""


def prepare_comparison(request: CompareRequest, options: RunOptions) -> PreparedComparison:
    """Resolve, check and plan; nothing runs.

    Raises:
        BenchError: anything that makes the comparison impossible or unfair, before any training.
    """
    from benchbench import metrics

    if request.prompts is not None and request.pairs_only:
        raise BenchError("--pairs-only draws no responses, so --prompts would not be read; drop one of them")
    overrides = parse_overrides(request.overrides)
    if request.prompts is not None:
        refuse_unread(overrides)
    prompt_set = None if request.prompts is None else read_prompt_file(request.prompts)
    requested_seeds = parse_seeds(request.seeds)
    _check_conditions(request)
    shown = tuple(_metric(text, metrics.names()) for text in request.metrics)
    targets = grid_rows(request.targets, request.grid, setting=request.setting, overrides=overrides)
    loaded = [item for items in targets.values() for item in items]
    _refuse_mixed(loaded, request)
    baseline = _baseline(request, loaded)
    seeds = common_seeds(loaded, requested_seeds)
    if all(item.recipe.method.name not in (SFT, REWARD_MODEL) for item in loaded):
        loaded.append(_sft_row(loaded[0], overrides))
    if not request.allow_different:
        refuse_unequal(loaded)
    session = open_session(
        loaded,
        seeds,
        options,
        with_samples=not request.pairs_only,
        baseline=baseline,
        prompts=None if prompt_set is None else prepare_prompts(prompt_set, options.store.root),
    )
    if not request.allow_different:
        refuse_other_judges(session.cells, session.plan)
    if not (request.allow_different or request.own_budgets):
        refuse_planned_apart(planned(loaded, session.prepared, session.plan), baseline=baseline)
    text = notice(loaded[0].recipe.setting, [item.label for item in loaded], loaded[0].recipe.notice)
    return PreparedComparison(loaded, targets, seeds, baseline, session, text, shown)


def _check_conditions(request: CompareRequest) -> None:
    """Return only if `--match` and `--at` can be read.

    Raises:
        BenchError: a quantity or a place that is none.
    """
    quantities(request.match)
    places(request.at)


def _refuse_mixed(loaded: Sequence[Loaded], request: CompareRequest) -> None:
    """Refuse reward models beside policies, and prompts for them.

    Raises:
        BenchError: which are which, or that reward models answer nothing.
    """
    rewarding = [item.label for item in loaded if item.recipe.is_reward_model]
    others = [item.label for item in loaded if not item.recipe.is_reward_model]
    if rewarding and others:
        raise BenchError(
            f"expected reward models alone or policies alone, found {', '.join(rewarding)} beside {', '.join(others)}; "
            "their scores are of different things, so make two comparisons"
        )
    if rewarding and request.prompts is not None:
        raise BenchError(f"--prompts: {', '.join(rewarding)} are reward models and answer no prompts; leave it out")


def _sft_row(first: Loaded, overrides: Sequence[Override]) -> Loaded:
    """The SFT row of a comparison: that of the setting, or of the first recipe where it changes its setting.

    Overrides of a method or of preference training are not its own.
    """
    shared = tuple(o for o in overrides if not o.key.startswith(("method", "preference", "rounds")))
    row = resolve("sft", setting=str(first.setting_path), overrides=shared)
    if row.comparability_hash == first.comparability_hash:
        return row
    changes = {"name": f"sft_of_{first.recipe.name}", "method": row.recipe.method, "preference": row.recipe.preference}
    shared_parts = {key: part for key, part in first.bound.items() if not key.startswith("rounds.")}
    return replace(
        first,
        recipe=first.recipe.model_copy(update={**changes, "rounds": None}),
        bound={**shared_parts, "method.hyper": row.bound["method.hyper"]},
        overrides=row.overrides,
        untuned=False,
    )


def _baseline(request: CompareRequest, loaded: Sequence[Loaded]) -> str:
    if request.baseline is None:
        return loaded[0].label
    labels = [item.label for item in loaded]
    known = labels if loaded[0].recipe.is_reward_model else [*labels, loaded[0].recipe.start]
    if request.baseline not in known:
        raise unknown_name("baseline", request.baseline, set(known))
    return request.baseline


def _metric(text: str, names: Sequence[str]) -> tuple[str, str | None]:
    """`metric` or `metric/scoring`."""
    from benchbench.comparison.pairs.scorings import SCORINGS

    name, _, scoring = text.partition("/")
    if name not in names:
        raise unknown_name("metric", name, names)
    if scoring and scoring not in SCORINGS:
        raise unknown_name("scoring", scoring, SCORINGS)
    return name, scoring or None


def planned_draws(prepared: PreparedComparison) -> Ledger | None:
    """What is planned of each row, where one of them draws responses for its training."""
    session = prepared.session
    ledger = planned(prepared.loaded, session.prepared, session.plan)
    return ledger if with_draws(ledger) else None


def id_of(prepared: PreparedComparison, request: CompareRequest) -> str:
    """The comparison's id: of its rows with all that reaches their results, seeds, metrics, and what was asked for."""
    recipe = prepared.loaded[0].recipe
    labels = [item.label for item in prepared.loaded]
    identity = {
        "setting": recipe.setting,
        "rows": [[item.label, item.recipe_hash] for item in prepared.loaded],
        "baseline": prepared.baseline,
        "seeds": list(prepared.seeds),
        "metrics": [list(recipe.headline), *map(list, prepared.shown)],
        "answered": sorted({cell.answered for cell in prepared.session.cells}),
        "flags": [request.allow_different, request.allow_mixed, request.pairs_only],
    }
    if request.match or request.at:
        identity["beside"] = [list(request.match), list(request.at)]
    return comparison_id(labels, identity)


def finish(prepared: PreparedComparison, options: RunOptions, console: Console) -> None:
    """Run the stages that are missing.

    Raises:
        BenchError: exit code 4 where a cell failed: a comparison with holes would mislead.
    """
    ran = run_session(prepared.session, options, console)
    error = incomplete(prepared.session, options.store, ran)
    if error is not None:
        raise error
