"""Tests of what happens to files that are not as they were written."""
