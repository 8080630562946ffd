"""Tests of `bench plan --on` and of the memory line of `--dry-run`."""
