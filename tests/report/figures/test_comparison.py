"""The figure: its content by the drawn marks, its bytes by repetition."""

from __future__ import annotations

import dataclasses
import io
import math
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from benchbench.comparison.pairs.compare import compare
from benchbench.report.comparison import column_of
from benchbench.report.figures.comparison import plot_comparison
from tests.comparison.rows import toy_cells


@pytest.fixture(scope="module")
def rows():
    cells = toy_cells({"dpo": 0.1, "sft": 0.0, "ddo_rm@k4": 0.6}, n=60)
    return column_of(compare(cells, baseline="dpo", metrics=(), rng_seed=0), "pair_accuracy", "logp_mean")


def test_equal_comparisons_give_equal_bytes_and_others_do_not(rows):
    moved = [*rows[:-1], dataclasses.replace(rows[-1], high=rows[-1].high + 0.1)]
    assert plot_comparison(rows) == plot_comparison(rows) != plot_comparison(moved)


def test_the_file_is_a_picture_that_grows_with_the_rows_and_names_no_software(rows):
    files = [plot_comparison(rows), plot_comparison(rows[:2])]
    three, two = (imread(io.BytesIO(file)) for file in files)
    assert three.shape[0] > two.shape[0] and three.shape[1] == two.shape[1] == 1350
    assert np.ptp(three[..., :3]) > 0.5
    assert b"Software" not in files[0]


@pytest.mark.parametrize("missing", [{"low": math.nan, "high": math.nan}, {"difference": math.nan, "low": math.nan}])
def test_a_row_without_interval_is_drawn(rows, missing):
    assert plot_comparison([rows[0], dataclasses.replace(rows[1], **missing)]) != plot_comparison(rows[:2])


def test_several_columns_in_one_figure_are_refused(rows):
    with pytest.raises(ValueError, match="one metric under one scoring"):
        plot_comparison([*rows, dataclasses.replace(rows[0], metric="auc")])
    with pytest.raises(ValueError, match="one metric under one scoring"):
        plot_comparison([])


def test_the_comparison_needs_neither_pyplot_nor_torch():
    code = (
        "import sys, pkgutil, importlib, benchbench.comparison as c, benchbench.report as r\n"
        "for room in (c, r):\n"
        "    for module in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "print(sorted({'torch', 'transformers', 'vllm', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
