"""Tests of what is read from published tables."""
