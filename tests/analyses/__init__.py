"""Tests of published analyses."""
