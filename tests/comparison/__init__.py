"""Tests of the workshop of comparison."""
