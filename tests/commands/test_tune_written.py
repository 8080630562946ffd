"""Where grids are written, and the command that makes them again; tests/commands/test_tune.py runs one."""

from __future__ import annotations

import shlex
from pathlib import Path

from harness import MICRO, tree

from benchbench.commands.tune.rule import Tuned
from benchbench.commands.tune.run import TunedGrids, TuneRequest, plan_grids
from benchbench.commands.tune.written import command_line, rule_words, write_tuning

GRID = "preference.learning_rate=1e-4,1e-3"


def test_a_grid_that_failed_writes_nothing_and_another_its_files(tmp_path: Path):
    request = TuneRequest(["simpo", "dpo"], [GRID], setting=str(MICRO))
    grids = plan_grids(request)
    row = {"preference.learning_rate": 1e-4, "seed 1": 0.5, "mean": 0.5, "below best": 0.0, "se": 0.0}
    row |= {"chosen": "chosen", "widened": "", "diverged": ""}
    tuned = [Tuned("simpo", "validation", (1,), [row]), Tuned("dpo", "validation", (1,), [], failed="out of memory")]
    written = write_tuning(TunedGrids(grids, tuned), request, tmp_path)
    assert sorted(tree(tmp_path)) == sorted(str(path.relative_to(tmp_path)) for path in written)
    assert sorted(tree(tmp_path)) == [
        f"micro/tuning/simpo{ending}" for ending in (".csv", ".md", ".png", ".stages.json")
    ]
    assert f"- rule: {rule_words()}\n" in written[0].read_text(encoding="utf-8")
    assert written[1].read_text(encoding="utf-8").splitlines()[1] == "0.0001,0.5,0.5,0.0,0.0,chosen,,"


def test_the_command_asks_for_the_same_grids():
    request = TuneRequest(["dpo"], [GRID, "a=1,2"], "dev", "a b.yaml", ["0", "1"], ["x.y=[1, 2]"], widen=True)
    words = shlex.split(command_line(request))
    assert words == [
        *("bench", "tune", "dpo", "--grid", GRID, "--grid", "a=1,2", "--split", "dev", "--setting", "a b.yaml"),
        *("--seeds", "0", "1", "--set", "x.y=[1, 2]", "--widen"),
    ]
    assert command_line(TuneRequest(["dpo"], [GRID])) == f"bench tune dpo --grid {GRID}"
