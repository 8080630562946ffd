"""Tests of `bench export`."""
