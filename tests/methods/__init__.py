"""Tests of the methods room."""
