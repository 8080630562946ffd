"""The frontier of a comparison: what every policy gained against its KL to the start, and rows at an equal KL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchbench.commands.compare.conditions import PLACE
from benchbench.commands.compare.frontier.families import families
from benchbench.commands.compare.frontier.known import Known, known_of
from benchbench.comparison.frontier.curves import Curve
from benchbench.comparison.frontier.matched import MatchedRow, at_kl
from benchbench.comparison.frontier.prompts import WIN_RATE
from benchbench.comparison.frontier.summary import PointSummary, Runs, summaries
from benchbench.core.errors import BenchError
from benchbench.plan.graph import Cell
from benchbench.recipe.load import Loaded
from benchbench.store.runs import RunStore


@dataclass(frozen=True)
class Frontier:
    """Curves over the KL to the start, of every quantity that all policies have."""

    curves: Mapping[str, Sequence[Curve]]
    """Quantity -> curves; a row that is alone has a curve of one point."""
    known: Known
    runs: Runs
    without: Sequence[str]
    """Labels that have no point, since a KL or a verdict is not known."""

    @property
    def has_curve(self) -> bool:
        """Whether a curve has two points at least."""
        return any(len(curve.points) > 1 for curves in self.curves.values() for curve in curves)

    def points(self) -> list[PointSummary]:
        """Every point of every quantity with its intervals."""
        seeds = self.known.seeds
        return [
            row
            for quantity, curves in self.curves.items()
            for row in summaries(curves, quantity, seeds=seeds, runs=self.runs)
        ]

    def at(self, kl: float, *, baseline: str) -> dict[str, list[MatchedRow]]:
        """Quantity -> the curves at one KL; rows of a single point are on no curve, and left out.

        Args:
            kl: nats per response.
            baseline: label of the comparison's; the first curve stands in where it is on none.

        Raises:
            BenchError: no two curves, or one whose seeds do not all reach this KL.
        """
        return {
            quantity: at_kl(
                (curves := _long(of_quantity, kl)),
                kl,
                seeds=self.known.seeds,
                baseline=_curve_of(curves, baseline),
                is_rate=quantity == WIN_RATE,
                runs=self.runs,
            )
            for quantity, of_quantity in self.curves.items()
        }


def frontier(
    cells: Sequence[Cell],
    loaded: Sequence[Loaded],
    store: RunStore,
    *,
    start: str,
    runs: Mapping[str, Sequence[int]],
) -> Frontier | None:
    """The frontier of finished cells; none where no trained policy has both a KL and verdicts.

    Args:
        cells: of every recipe at every seed.
        loaded: the recipes.
        store: where their stages are.
        start: label of the policy that all start from; empty where it has no row.
        runs: label -> [k] which seeds are copies of one run.
    """
    known = known_of(cells, store, start=start, seeds=list(dict.fromkeys(cell.seed for cell in cells)))
    members = {name: names for name, names in members_of(known, loaded).items() if name != start}
    if not members or not known.prompts:
        return None
    curves = {
        quantity: [_curve(known, name, of, start, quantity) for name, of in members.items()]
        for quantity in known.quantities
    }
    label_of = {policy: label for label, policies in known.policies.items() for policy in policies}
    of_runs = {n: list(zip(*(runs[label_of[policy]] for policy in of), strict=True)) for n, of in members.items()}
    labels = dict.fromkeys(item.label for item in loaded)
    return Frontier(curves, known, of_runs, [label for label in labels if label not in known.policies])


def members_of(known: Known, loaded: Sequence[Loaded]) -> dict[str, list[str]]:
    """Curve -> its policies: those after each round of one row, or those of the rows of one method.

    Rows of a grid are trained for one curve, at an equal budget, so that of each the policy at its end is a point.
    """
    members: dict[str, list[str]] = {}
    in_grids = {item.label for item in loaded if item.grid}
    for name, labels in families(loaded).items():
        there = [label for label in labels if label in known.policies]
        if there and in_grids.issuperset(there):
            members[name] = [known.policies[label][-1] for label in there]
        elif any(len(known.policies[label]) > 1 for label in there):
            members |= {label: list(known.policies[label]) for label in there}
        elif there:
            members[name] = [policy for label in there for policy in known.policies[label]]
    return members


def _curve(known: Known, name: str, policies: Sequence[str], start: str, quantity: str) -> Curve:
    points = [known.point(policy, quantity) for policy in policies]
    return Curve(name, points, known.point(start, quantity) if start in known.policies else None)


def _long(curves: Sequence[Curve], kl: float) -> list[Curve]:
    """Curves that something can be read from between points.

    Raises:
        BenchError: less than two.
    """
    long = [curve for curve in curves if len(curve.points) > 1]
    if len(long) < 2:
        names = ", ".join(curve.name for curve in long) or "none"
        raise BenchError(
            f"--at {PLACE}{kl:g}: expected two curves of two points at least, found {names}; give rows of one method "
            "that differ in their hyper-parameters, or recipes with rounds that evaluate each"
        )
    return long


def _curve_of(curves: Sequence[Curve], label: str) -> str:
    """The curve that a label is on, or the first one."""
    return next((c.name for c in curves if label in {c.name, *(p.name for p in c.points)}), curves[0].name)
