"""Seeds of rows: copies, pairs, losses that part."""

from __future__ import annotations

from benchbench.comparison.pairs.replicates import joined_names, replicates
from benchbench.comparison.pairs.seed_rows import SeedRow, copies, parting, unequal, unpaired

ORDER = ("order", "preference")


def row(label: str, seeds: dict[int, int], *, runs=None, group="g") -> SeedRow:
    """A row whose seeds draw the order from these numbers."""
    draws = {ORDER: {seed: frozenset([used]) for seed, used in seeds.items()}}
    names = {label: list(seeds) if runs is None else runs}
    return SeedRow(label, group, draws, replicates(list(seeds), names), "settings", (), "")


def test_seeds_that_are_copies_are_not_called_so_many_seeds():
    rows = [row("dpo", {1: 1, 2: 2, 3: 3}), row("ipo", {1: 1, 2: 2, 3: 3}, runs=[1, 1, 1])]
    assert list(copies(rows)) == [
        "ipo: 3 seeds are 1 run, not 3: seed variance not estimated (3 seeds are one run: 1, 2, 3)"
    ]
    (line,) = copies([row("kto", {1: 1, 2: 2, 3: 3}, runs=[1, 2, 1])])
    assert line == "kto: 3 seeds are 2 runs, not 3: seeds 1, 3 of kto are one run and count once"


def test_names_of_any_kind_join_seeds_and_joined_seeds_join_further():
    """1 and 2 share a content, 2 and 4 an identity: 1, 2 and 4 are one run."""
    assert joined_names([1, 2, 3, 4], [["a", "a", "b", "c"], ["w", "x", "y", "x"]]) == [1, 1, 3, 1]


def test_rows_of_a_group_draw_from_one_seed_or_are_named():
    assert list(unpaired([row("dpo", {1: 1, 2: 2}), row("ipo", {1: 1, 2: 2})])) == []
    assert list(unpaired([row("dpo", {1: 1, 2: 2}), row("ipo", {1: 1, 2: 7})])) == [
        "order of preference at seed 2 is not paired: dpo from 2, ipo from 7"
    ]
    assert list(unpaired([row("dpo", {1: 1}), row("ipo", {1: 7}, group="another")])) == []


def test_a_row_that_draws_nothing_where_others_draw_is_no_broken_pair():
    assert (
        list(unpaired([row("dpo", {1: 1}), SeedRow("sft", "g", {}, replicates([1], {"sft": [1]}), "", (), "")])) == []
    )


def test_missing_seeds_are_named():
    assert list(unequal([row("dpo", {1: 1, 2: 2}), row("ipo", {2: 2})])) == [
        "ipo: no run of seed 1, which other rows have"
    ]


def test_losses_part_where_all_are_different():
    """The first loss of many methods is log 2 whatever the seed, so equal ones are no copies by themselves."""
    assert parting([[0.7, 0.5, 0.3], [0.7, 0.6, 0.2]]) == "all different from logged step 2 of 3"
    assert parting([[0.7, 0.5], [0.7, 0.5]]) == "equal in all 2 logged steps"
    assert parting([[0.7, 0.5], [0.7, 0.5], [0.7, 0.4]]) == "some are equal in all 2 logged steps"
    assert parting([[0.7], [0.7]]) == "equal at the only logged step"
    assert parting([[0.7]]) == parting([]) == parting([[], []]) == "nothing to compare"
