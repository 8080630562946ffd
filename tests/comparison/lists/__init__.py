"""Tests of ranked lists."""
