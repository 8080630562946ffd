"""Lengths of the answers, and whether a row prefers what is longer among held-out pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from benchbench.report import numbers
from benchbench.report.figures.lengths import draw_lengths
from benchbench.report.page.blocks import Block, PageFigure, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    labels = comparison.about["labels"]
    answers, pairs = comparison.frame("answers"), comparison.frame("pairs")
    blocks: list[Block] = []
    if answers.empty:
        blocks.append(Paragraph("No lengths of answers: no policy drew any in this comparison."))
    else:
        tokens = {
            label: answers.loc[answers["label"] == label, "tokens"].to_numpy(float)
            for label in labels
            if label in set(answers["label"])
        }
        caption = "Tokens of each row's answers, all seeds: median, middle half, and from the 5 % to the 95 % quantile."
        blocks.append(PageFigure("lengths", caption, partial(draw_lengths, tokens, labels, name="tokens per answer")))
    scoring = comparison.about["headline"][1]
    if f"margin_{scoring}" not in pairs:
        return [*blocks, Paragraph(f"No accuracy by length: no row has scores under {scoring}.")]
    records = [_by_length(label, pairs.loc[pairs["label"] == label], f"margin_{scoring}") for label in labels]
    title = f"pairs in order under {scoring}, by which side is longer; all seeds, a tie is half a pair"
    return [*blocks, PageTable.of_records(title, records, name="accuracy_by_length")]


def _by_length(label: str, pairs: pd.DataFrame, column: str) -> Mapping[str, str]:
    """Share of pairs in order where the chosen response is longer, shorter, or as long, with the number of pairs."""
    difference = (pairs["chosen_tokens"] - pairs["rejected_tokens"]).to_numpy(float)
    margin = pairs[column].to_numpy(float)
    right = np.where(margin == 0, 0.5, margin > 0)
    sides = {"chosen longer": difference > 0, "chosen shorter": difference < 0, "as long": difference == 0}
    return {"row": label, **{name: _share(right[is_side & np.isfinite(margin)]) for name, is_side in sides.items()}}


def _share(right: np.ndarray) -> str:
    return f"{numbers.number(float(right.mean()))} (n {len(right)})" if len(right) else numbers.NOT_AVAILABLE


SECTION = PageSection("lengths", 90, "Lengths", _blocks)
