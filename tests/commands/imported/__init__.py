"""Tests of imported."""
