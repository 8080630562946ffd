"""`bench compare` and `bench compare --from`: no option is accepted by the one that only the other reads."""

from __future__ import annotations

import typer
from harness import bench

from benchbench.cli.app import app
from benchbench.cli.imported import OF_FILES, OF_TRAINING

READ_BY_BOTH = {"targets", "files", "baseline", "metrics", "allow_different", "as_json"}


def test_every_option_is_read_by_both_or_refused_by_one():
    command = typer.main.get_command(app).commands["compare"]  # type: ignore[attr-defined]
    options = {parameter.name for parameter in command.params} - {"help"}
    assert options == READ_BY_BOTH | OF_TRAINING | OF_FILES


def test_a_tracker_is_refused_where_nothing_is_trained(tmp_path):
    ended = bench("compare", "--from", tmp_path, "--log-to", "tensorboard")
    assert ended.code == 2 and "--log-to: --from reads finished results and trains nothing" in ended.err
