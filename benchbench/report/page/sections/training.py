"""Training curves of every seed, with the losses that were reported for a recipe where it carries them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchbench.report.figures.curves import draw_curves
from benchbench.report.page.blocks import Block, PageFigure, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison

QUANTITIES = ("loss", "rewards/accuracies", "rewards/margins", "logps/chosen", "logps/rejected", "grad_norm")
"""Panels, where a stage logs them; all that is logged is in training.parquet."""
NAMES = {"preference": "preference training", "reward_model": "the reward model", "sft": "SFT"}


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    frame, losses = comparison.frame("training"), comparison.frame("losses")
    blocks: list[Block] = []
    for stage in [name for name in NAMES if not frame.empty and name in set(frame["stage"])]:
        of_stage = frame.loc[frame["stage"] == stage]
        logged = set(of_stage["quantity"])
        quantities = [name for name in QUANTITIES if name in logged]
        reported = losses.loc[losses["stage"] == stage] if not losses.empty else losses
        labels = comparison.about["labels"]
        caption = f"Logged while {NAMES[stage]} ran, a line for each run"
        caption += "; `shared`: several rows rest on it." if "shared" in set(of_stage["label"]) else "."
        if not reported.empty:
            caption += " Dotted: mean losses that were reported for the recipe."
        draw = partial(draw_curves, of_stage, quantities, labels, reported=None if reported.empty else reported)
        if quantities:
            blocks.append(PageFigure(f"training_{stage}", caption, draw))
        if not reported.empty:
            title = f"reported mean losses of {NAMES[stage]}"
            blocks.append(PageTable.of_records(title, reported.to_dict("records"), name=f"reported_losses_{stage}"))
    return blocks or [Paragraph("No training curves: no stage of these rows logged any step.")]


SECTION = PageSection("training", 50, "Training curves", _blocks)
