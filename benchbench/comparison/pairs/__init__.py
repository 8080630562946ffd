"""Pair scores: from score rows to metrics, grids of cells and paired comparisons."""
