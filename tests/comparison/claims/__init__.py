"""Tests of claims, regression and quirks."""
