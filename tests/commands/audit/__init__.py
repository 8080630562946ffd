"""Tests of `benchbench.commands.audit`."""
