"""Tests of preference training."""
