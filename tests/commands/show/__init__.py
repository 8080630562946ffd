"""Tests of `bench show`."""
