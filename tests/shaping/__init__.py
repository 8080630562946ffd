"""Tests of the shapings."""
