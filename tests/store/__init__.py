"""Tests of the store: whole files, claims, tables."""
