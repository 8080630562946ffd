"""The cells of one comparison, and what makes them unfit to be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from benchbench.comparison.pairs.machines import machine_faults, machine_marks
from benchbench.comparison.pairs.replicates import Replicates, replicates, run_names
from benchbench.comparison.pairs.scorings import SCORINGS, Pairs, pairs
from benchbench.core.errors import BenchError, ExitCode, Fault, unknown_name
from benchbench.core.measurement import Array, Metric

OWN_DATA = "own training data"
"""Mark of a row whose recipe makes its training data of the setting's by transforms."""
AUDIT = "audit: settings differ"
"""Mark of every row of a comparison whose rows do not all hold fixed what a fair one does."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredCell:
    """One finished seed of one recipe, with its score rows."""

    label: str
    """The row's name in a table, such as `dpo` or `ddo_rm@k4`."""
    method: str
    variant: str
    seed: int
    recipe: str
    """Name of the recipe."""
    recipe_hash: str
    comparability_hash: str
    """Hash of everything that a fair comparison must hold fixed."""
    setting: str
    paper: str
    """The method's paper, as a table shows it."""
    untuned: bool = False
    """Without a recipe in this setting: the paper's defaults under the setting's training block."""
    own_data: bool = False
    """The method trains on data that its recipe makes of the setting's."""
    form: tuple[str, ...] = ()
    """Marks of the method's form: `twin`, `form unverified`, both, or none."""
    overrides: str = ""
    """`--set` values of the cell, sorted; empty for the recipe as it stands."""
    marked: str = ""
    """What an audit has to say about the row; mostly empty."""
    engine: str
    device_kind: str
    """Kind of device that it was scored on."""
    devices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Role (`policy`, `reference`, `reward`) -> stage -> kind of device, of every stage that the role rests on; empty
    where it is not known."""
    frame: pd.DataFrame
    """Score rows, one per response."""
    run: str = ""
    """Identity of the policy's stages without seeds that reach nothing; empty where it is not known."""
    reward_run: str = ""
    """The same of the stages that gave the rewards."""
    _paired: dict[tuple[str, ...], Pairs] = field(default_factory=dict, init=False, repr=False)

    def pairs(self, exclude: Sequence[str] = ()) -> Pairs:
        """Its rows checked and paired, once for each choice of flags; see `scorings.pairs`."""
        flags = tuple(exclude)
        if flags not in self._paired:
            self._paired[flags] = pairs(self.frame, exclude=flags)
        return self._paired[flags]


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Which cells may be compared; the defaults are those of a fair comparison."""

    seeds: tuple[int, ...] | None = None
    """The seeds that every label must have, in the order of the table; by default all that appear, sorted."""
    differing: Mapping[str, str] = field(default_factory=dict)
    """Text of the differing keys by comparability hash, for messages and marks."""
    allow_different: bool = False
    """Compare unequal settings as an audit, which marks every row."""
    allow_mixed: bool = False
    """Compare rows of different engines or kinds of device, which marks every row."""


class MissingRunsError(BenchError):
    """Finished runs that a comparison needs are missing.

    Args:
        missing: every (label, seed) without one, in the order of the table.
        what: what is missing; a finished run, or the scores of one scoring.
    """

    def __init__(self, missing: Sequence[tuple[str, int]], *, what: str = "finished run") -> None:
        self.missing = tuple(missing)
        lines = []
        for label in dict.fromkeys(label for label, _ in missing):
            seeds = [str(seed) for other, seed in missing if other == label]
            lines.append(f"{label}: no {what} for seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}.")
        lines[-1] += " A comparison over unequal seeds would mislead, so none is made."
        super().__init__("\n".join(lines), exit_code=ExitCode.INCOMPLETE)


@dataclass(frozen=True, eq=False)
class Grid:
    """Every label at every seed over the same pairs, without a hole."""

    labels: tuple[str, ...]
    """The baseline first, the others in the order given."""
    seeds: tuple[int, ...]
    examples: tuple[str, ...]
    """[n] example ids, the same in every cell."""
    prompt: Array | None
    """[n] number of each pair's prompt; none where every pair has a prompt of its own."""
    pairs: Mapping[tuple[str, int], Pairs]
    """The pairs of each (label, seed)."""
    marks: Mapping[str, tuple[str, ...]]
    """What a reader must know of each label."""
    runs: Mapping[str, Mapping[str, Sequence[int]]]
    """Scoring -> label -> [k] the run of each seed; equal numbers are copies of one run."""

    def replicates(self, scoring: str, *labels: str) -> Replicates:
        """The independent runs of a contrast between labels under one scoring."""
        return replicates(self.seeds, {label: self.runs[scoring][label] for label in labels})

    @property
    def prompts(self) -> int:
        """Number of different prompts."""
        return len(self.examples) if self.prompt is None else int(self.prompt.max()) + 1

    def row(self, label: str) -> list[Pairs]:
        """[k] the pairs of each seed of one label."""
        return [self.pairs[label, seed] for seed in self.seeds]


def make_grid(
    cells: Sequence[ScoredCell], *, baseline: str, exclude: Sequence[str] = (), admission: Admission | None = None
) -> Grid:
    """Line up the cells, or refuse.

    Args:
        cells: the cells in any order; labels keep the order of their first appearance.
        baseline: label of the baseline.
        exclude: flags; a pair with one of them is left out.
        admission: what may stand side by side.

    Raises:
        BenchError: cells that differ in setting, engine, device, split, scorer version or examples.
        MissingRunsError: a label without a finished run for a seed.
        ValueError: two cells of one label and seed, or a seed that the admission does not name.
    """
    admission = admission or Admission()
    by_place = _by_place(cells, admission.seeds)
    labels = tuple(dict.fromkeys([baseline, *(cell.label for cell in cells)]))
    if all(cell.label != baseline for cell in cells):
        raise unknown_name("baseline", baseline, labels[1:])
    _refuse_unequal(cells, baseline, admission)
    seeds = admission.seeds or tuple(sorted({cell.seed for cell in cells}))
    missing = [(label, seed) for label in labels for seed in seeds if (label, seed) not in by_place]
    if missing:
        raise MissingRunsError(missing)
    paired = {place: cell.pairs(exclude) for place, cell in by_place.items()}
    _refuse_unpaired(paired, first=(baseline, seeds[0]))
    marks = {label: _marks(label, cells, baseline, admission) for label in labels}
    first = paired[baseline, seeds[0]]
    runs = {scoring: {label: same_runs(cells, label, seeds, scoring) for label in labels} for scoring in SCORINGS}
    return Grid(labels, seeds, first.examples, first.prompt, paired, marks, runs)


def contributions(
    cells: Sequence[ScoredCell], metric: Metric, scoring: str, *, exclude: Sequence[str], tie_credit: float
) -> Array:
    """[cells, prompts] what each prompt adds to a metric that is a mean over pairs; NaN where it is undefined."""
    of_cells = [cell.pairs(exclude).scores(scoring, tie_credit=tie_credit, reads=metric.reads) for cell in cells]
    return np.stack([metric.by_prompt(scores) for scores in of_cells])


def same_runs(cells: Sequence[ScoredCell], label: str, seeds: Sequence[int], scoring: str) -> list[int]:
    """[k] the run of each seed of one label, named by its first seed."""
    by_seed = {cell.seed: cell for cell in cells if cell.label == label}
    known = {seed: by_seed[seed].reward_run if scoring == "reward_model" else by_seed[seed].run for seed in seeds}
    return run_names({seed: by_seed[seed].frame for seed in seeds}, scoring, known)


def _by_place(cells: Sequence[ScoredCell], seeds: Sequence[int] | None) -> dict[tuple[str, int], ScoredCell]:
    by_place: dict[tuple[str, int], ScoredCell] = {}
    for cell in cells:
        if (cell.label, cell.seed) in by_place:
            raise ValueError(f"{cell.label}: expected one cell per seed, got two for seed {cell.seed}")
        if set(cell.frame["seed"]) != {cell.seed}:
            raise ValueError(f"{cell.label} seed {cell.seed}: the score rows are of seed {set(cell.frame['seed'])}")
        if seeds is not None and cell.seed not in seeds:
            raise ValueError(f"{cell.label}: seed {cell.seed} is not among the seeds of the comparison")
        by_place[cell.label, cell.seed] = cell
    return by_place


def _refuse_unequal(cells: Sequence[ScoredCell], baseline: str, admission: Admission) -> None:
    faults: list[Fault] = []
    expected = _expected_hash(cells, baseline)
    others = dict.fromkeys((cell.label, cell.comparability_hash) for cell in cells)
    if not admission.allow_different:
        faults += [
            Fault(label, f"its setting is not that of {baseline}; it differs in {_keys(admission, other)}")
            for label, other in others
            if other != expected
        ]
    if not admission.allow_mixed:
        faults += machine_faults(cells)
    if faults:
        raise BenchError.of_faults("comparison", faults)


def _refuse_unpaired(paired: Mapping[tuple[str, int], Pairs], *, first: tuple[str, int]) -> None:
    expected = paired[first]
    faults: list[Fault] = []
    for (label, seed), cell_pairs in paired.items():
        where = f"{label} seed {seed}"
        if cell_pairs.split != expected.split:
            faults.append(Fault(where, f"expected scores of split {expected.split}, found {cell_pairs.split}"))
        if cell_pairs.scorer_version != expected.scorer_version:
            versions = f"{expected.scorer_version}, found {cell_pairs.scorer_version}"
            faults.append(Fault(where, f"expected rows of scorer version {versions}; score it again"))
        if cell_pairs.examples != expected.examples:
            some = sorted(set(cell_pairs.examples) ^ set(expected.examples))[:3]
            message = f"its pairs are not those of {first[0]} seed {first[1]}, for example {', '.join(some)}"
            faults.append(Fault(where, f"{message}; score both on the same pairs with the same exclusions"))
        elif not _same_prompts(cell_pairs, expected):
            faults.append(Fault(where, f"its pairs share other prompts than those of {first[0]} seed {first[1]}"))
    if faults:
        raise BenchError.of_faults("comparison", faults)


def _same_prompts(cell_pairs: Pairs, expected: Pairs) -> bool:
    if cell_pairs.prompt is None or expected.prompt is None:
        return cell_pairs.prompt is expected.prompt
    return np.array_equal(cell_pairs.prompt, expected.prompt)


def _marks(label: str, cells: Sequence[ScoredCell], baseline: str, admission: Admission) -> tuple[str, ...]:
    of_label = [cell for cell in cells if cell.label == label]
    expected = _expected_hash(cells, baseline)
    differ = dict.fromkeys(cell.comparability_hash for cell in of_label if cell.comparability_hash != expected)
    marks = list(dict.fromkeys(mark for cell in of_label for mark in cell.form))
    marks += ["untuned"] if any(cell.untuned for cell in of_label) else []
    marks += [OWN_DATA] if any(cell.own_data for cell in of_label) else []
    marks += dict.fromkeys(cell.marked for cell in of_label if cell.marked)
    if any(cell.comparability_hash != expected for cell in cells):
        marks.append(AUDIT)
    marks += [f"differs in {_keys(admission, other)}" for other in differ]
    marks += machine_marks(label, cells)
    return tuple(marks)


def _expected_hash(cells: Sequence[ScoredCell], baseline: str) -> str:
    return next(cell.comparability_hash for cell in cells if cell.label == baseline)


def _keys(admission: Admission, comparability_hash: str) -> str:
    return admission.differing.get(comparability_hash) or f"keys unknown (hash {comparability_hash[:12]})"
