"""Tests of recipes: reading, checking, resolving, identity."""
