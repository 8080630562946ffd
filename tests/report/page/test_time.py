"""A page of ten methods over three seeds is made in seconds, with all of its figures and answers."""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import asdict

import numpy as np
import pandas as pd

from benchbench.comparison.pairs.compare import compare
from benchbench.report.comparison import narrow_layout
from benchbench.report.frames import comparisons_frame
from benchbench.report.page.document import markdown_page
from benchbench.report.page.html import html_page
from benchbench.report.page.make import make_page
from benchbench.store.comparison_folders import StoredComparison
from tests.comparison.rows import toy_cells
from tests.report.page.stored import HEADLINE, SEEDS, stored

LABELS = [f"method_{number}" for number in range(10)]
PAIRS, PROMPTS, STEPS = 2000, 300, 100
SECONDS = 20
"""Of one core, figures twice: once within the page, once beside the document."""


def large() -> StoredComparison:
    """The comparison by hand with ten rows, 2,000 pairs, 100 logged steps and 300 judged prompts."""
    rng = np.random.default_rng(0)
    cells = toy_cells({label: 0.1 * place for place, label in enumerate(LABELS)}, n=200)
    rows = compare(cells, baseline=LABELS[0], metrics=(), rng_seed=0, headline=HEADLINE)
    places = [(label, seed) for label in LABELS for seed in SEEDS]
    pairs = pd.concat(
        [
            pd.DataFrame(
                {
                    "label": label,
                    "seed": seed,
                    "margin_logp_mean": rng.normal(0.3, 1, PAIRS),
                    "probability": rng.random(PAIRS),
                    "chosen_tokens": rng.integers(3, 90, PAIRS),
                    "rejected_tokens": rng.integers(3, 90, PAIRS),
                }
            )
            for label, seed in places
        ]
    )
    names = ("loss", "rewards/accuracies", "rewards/margins", "logps/chosen", "logps/rejected", "grad_norm")
    logged = [(*place, "preference", f"{place}", step) for place in places for step in range(STEPS)]
    training = pd.DataFrame(
        [(*step, name, rng.random()) for step in logged for name in names],
        columns=["label", "seed", "stage", "run", "step", "quantity", "value"],
    )
    prompts = pd.DataFrame({"example": [f"e{n}" for n in range(PROMPTS)], "chosen": "yes"})
    prompts["turns"] = json.dumps([["user", "a question of some length, " * 10]])
    drawn = [(*place, name, 0, f"an answer of {place} " * 20, 60) for place in places for name in prompts["example"]]
    answers = pd.DataFrame(drawn, columns=["label", "seed", "example", "sample", "text", "tokens"])
    judged = {"opponent": LABELS[0], "order": "both", "outcome": 1.0, "raw": "", "note": ""}
    verdicts = answers[answers["label"] != LABELS[0]].assign(**judged)
    frames = {"pairs": pairs, "training": training, "prompts": prompts, "answers": answers, "verdicts": verdicts}
    comparison = stored(labels=LABELS, baseline=LABELS[0], tables=[asdict(narrow_layout(rows, *HEADLINE))])
    there = {name: comparison.frames[name] for name in ("settings", "environment")}
    return dataclasses.replace(comparison, frames={**there, "comparisons": comparisons_frame(rows), **frames})


def test_a_page_of_ten_methods_and_three_seeds_takes_seconds():
    comparison = large()
    began = time.process_time()
    page = make_page(comparison)
    text = html_page(page)
    markdown_page(page)
    for figure in page.figures:
        figure.draw()
    assert time.process_time() - began < SECONDS
    assert len(text) < 40_000_000, "a browser opens it"
    assert " of 8100 contests" in text
