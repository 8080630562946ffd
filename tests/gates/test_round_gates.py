"""What draws and rounds must show on the embedded setting, drawn by transformers: as committed, and made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from .round_tables import FOLDER, Tables, compare, findings


@pytest.fixture(scope="module", params=["committed", pytest.param("made anew", marks=pytest.mark.slow)])
def tables(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    if request.param == "committed":
        return Tables(FOLDER)
    folder = tmp_path_factory.mktemp("rounds")
    return Tables(compare(folder, Path(folder / "runs")))


def test_draws_and_rounds_do_what_they_are_known_for(tables: Tables):
    """Rounds by gold beat SFT and offline DPO, and the second one gains; at equal labels they are no worse and nearer.

    Draws keep hot DPO near; RLOO learns; a reward model is over-optimised, and it is seen.
    """
    shown = [*findings(tables)]
    assert len(shown) == 11
    assert [(each.claim, each.measured, each.bound) for each in shown if not each.holds] == []
