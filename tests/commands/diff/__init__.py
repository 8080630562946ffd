"""Tests of `bench diff`."""
