"""Tests of the judges room."""
