"""Unpaired AOT: cases list the losses in the order of the chosen responses' log-ratios."""

from __future__ import annotations

from benchbench.core.scores import log_ratio, pair

from ..translation import Translation

TRANSLATION = Translation(per_example=lambda values, scores, hyper: values[pair(log_ratio(scores))[0].argsort()])
