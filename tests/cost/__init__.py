"""Tests of what stages need: formulas against models, memory, rates, the queue."""
