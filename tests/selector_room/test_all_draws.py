"""all_draws."""

from __future__ import annotations

from .toys import group, selected


def test_every_draw_stands_in_its_groups_row_though_nobody_labelled_it():
    groups = [group("a", "b", "a", example="x0"), group("a", example="x1")]
    selection = selected("all_draws", groups, [None, None])
    assert [[pick.places for pick in rows] for rows in selection.picks] == [[(0, 1, 2)], []]
    assert selection.dropped == {"fewer than two responses": 1}
