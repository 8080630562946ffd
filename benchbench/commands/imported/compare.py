"""`bench compare --from FILE ...`: results of other tools beside each other, paired by item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchbench.commands.imported.files import read_files
from benchbench.commands.imported.rows import NO_SEED, Placed, place_runs
from benchbench.comparison.items.compare import compare_items, with_holm
from benchbench.comparison.items.faults import SeededRun
from benchbench.comparison.items.grid import ItemGrid, make_item_grid
from benchbench.comparison.items.pooled import ALL, GROUP
from benchbench.comparison.items.summaries import SummarisedRow, compare_summaries
from benchbench.comparison.pairs.table import Comparison
from benchbench.core.errors import BenchError, Fault, unknown_name
from benchbench.core.imported import ItemScores


@dataclass(frozen=True)
class FilesRequest:
    """What is to be compared."""

    files: Sequence[str]
    """`PATH` or `NAME=PATH`."""
    targets: Sequence[str] = ()
    """Rows to compare, the first being the baseline; none takes all."""
    baseline: str | None = None
    headline: str | None = None
    """Metric of the first table; none takes each group's own main metric."""
    metrics: Sequence[str] = ()
    """Metrics of further tables."""
    tasks: Sequence[str] = ()
    """Groups to compare; none takes all."""
    seeds_of: Sequence[str] = ()
    cluster: str | None = None
    allow_different: bool = False


@dataclass(frozen=True)
class ComparedFiles:
    """A finished comparison."""

    tables: list[list[Comparison]]
    """The headline, then each further metric; rows by group and label."""
    notes: list[str] = field(default_factory=list)
    """What a reader must know of the files."""

    @property
    def comparisons(self) -> list[Comparison]:
        """Every row of every table."""
        return [row for table in self.tables for row in table]


def compare_files(request: FilesRequest) -> ComparedFiles:
    """Read, line up, compare; nothing is run.

    Raises:
        BenchError: files that are none, or runs that may not stand side by side.
    """
    read = read_files(request.files)
    placed = place_runs(read, seeds_of=request.seeds_of, targets=request.targets)
    labels = list(dict.fromkeys(run.label for run in placed))
    baseline = request.baseline or labels[0]
    if baseline not in labels:
        raise unknown_name("baseline", baseline, labels)
    having = [run for run in placed if run.groups]
    if not having:
        return ComparedFiles(_summarised(placed, baseline, request), list(read.notes))
    if without := [run.label for run in placed if not run.groups]:
        listed = ", ".join(dict.fromkeys(without))
        raise BenchError(f"--from: {listed}: the file has means alone, others have items; give files of one kind")
    runs = [_selected(run, request.tasks) for run in placed]
    several = len({run.seed for run in runs}) > 1
    seeded = [SeededRun(run.label, run.seed, run.groups, several) for run in runs]
    grid = make_item_grid(seeded, baseline=baseline, allow_different=request.allow_different)
    notes = [*read.notes, *dict.fromkeys(note for run in placed for group in run.groups for note in group.notes)]
    return ComparedFiles(_tables(grid, request), [*notes, *_lacking(grid, request)])


def _lacking(grid: ItemGrid, request: FilesRequest) -> list[str]:
    """Which tasks a table of a further metric leaves out, since the baseline has no such metric there."""
    first = {group: grid.row(group, grid.labels[0])[0] for group in grid.groups if group != ALL}
    lacking = {
        metric: [group for group, scores in first.items() if metric not in scores.metrics]
        for metric in dict.fromkeys(request.metrics)
    }
    return [f"{name}: no metric of {', '.join(groups)}, left out there" for name, groups in lacking.items() if groups]


def _selected(run: Placed, tasks: Sequence[str]) -> Placed:
    names = [group.group for group in run.groups]
    for task in tasks:
        if task not in names:
            raise unknown_name(f"task of {run.label}", task, names)
    chosen = tuple(group for group in run.groups if not tasks or group.group in tasks)
    return Placed(run.label, run.seed, chosen, run.summaries, run.paths)


def _tables(grid: ItemGrid, request: FilesRequest) -> list[list[Comparison]]:
    """The headline's table, whose rows are tested as a family, then one per further metric."""
    first = {group: grid.row(group, grid.labels[0])[0] for group in grid.groups}
    main = {group: _headline(scores, request.headline) for group, scores in first.items() if group != ALL}
    shared = set(main.values())
    if ALL in first and len(shared) == 1 and shared <= set(first[ALL].metrics):  # unequal metrics have no mean
        main = {ALL: next(iter(shared)), **main}
    tables = [_table(grid, main, request, is_headline=True)]
    for metric in dict.fromkeys(request.metrics):
        having = {group: metric for group, scores in first.items() if metric in scores.metrics}
        if not having:
            raise unknown_name("metric", metric, {name for scores in first.values() for name in scores.metrics})
        tables.append(_table(grid, having, request, is_headline=False))
    return tables


def _headline(scores: ItemScores, wanted: str | None) -> str:
    if wanted is None:
        return next(iter(scores.metrics))
    if wanted not in scores.metrics:
        raise unknown_name(f"metric of {scores.group}", wanted, scores.metrics)
    return wanted


def _table(grid: ItemGrid, metrics: dict[str, str], request: FilesRequest, *, is_headline: bool) -> list[Comparison]:
    """Rows of all items together, a family of their own, before those of the groups, which are another."""
    if request.cluster == GROUP:  # tasks are clusters of all items together, and of nothing else
        if ALL not in metrics:
            raise BenchError("--cluster group: expected several tasks with one metric, found no items over all of them")
        metrics = {ALL: metrics[ALL]}
    rows = {group: compare_items(grid, group, metric, cluster=request.cluster) for group, metric in metrics.items()}
    of_all = rows.pop(ALL, [])
    of_groups = [row for group in rows.values() for row in group]
    return with_holm(of_all) + with_holm(of_groups) if is_headline else of_all + of_groups


def _summarised(placed: Sequence[Placed], baseline: str, request: FilesRequest) -> list[list[Comparison]]:
    unread = {"--cluster": request.cluster, "--seed-of": request.seeds_of, "--allow-different": request.allow_different}
    if options := [name for name, value in unread.items() if value]:
        raise BenchError(f"{', '.join(options)}: the files have means alone, which say nothing of it; leave it out")
    if several := [run.label for run in placed if run.seed != NO_SEED]:
        raise BenchError(f"--from: {several[0]}: several seeds of means alone; make one table with bench reread")
    known = {summary.group for run in placed for summary in run.summaries}
    for task in request.tasks:
        if task not in known:
            raise unknown_name("task", task, known)
    by_place = {
        (summary.metric, summary.group): None
        for run in placed
        for summary in run.summaries
        if not request.tasks or summary.group in request.tasks
    }
    metrics = list(dict.fromkeys(metric for metric, _ in by_place))
    wanted = [request.headline or (metrics[0] if metrics else ""), *request.metrics]
    if unknown := [metric for metric in wanted if metric not in metrics]:
        raise unknown_name("metric", unknown[0], metrics)
    tables = []
    for metric in dict.fromkeys(wanted):
        groups = [group for name, group in by_place if name == metric]
        rows = [row for group in groups for row in _of_summaries(placed, baseline, metric, group)]
        tables.append(rows if tables else with_holm(rows))
    return tables


def _of_summaries(placed: Sequence[Placed], baseline: str, metric: str, group: str) -> list[Comparison]:
    rows = [
        SummarisedRow(run.label, summary)
        for run in placed
        for summary in run.summaries
        if (summary.metric, summary.group) == (metric, group)
    ]
    faults = [
        Fault(run.label, f"has no {metric} of {group}, which others have; --tasks names the groups to compare")
        for run in placed
        if run.label not in [row.label for row in rows]
    ]
    if faults:
        raise BenchError.of_faults("comparison", faults)
    return compare_summaries(rows, baseline=baseline)
