"""Tests of pair metrics and their comparison."""
