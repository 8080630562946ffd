"""Tests of `bench analyse`."""
