"""Tests of curves over the KL to the start."""
