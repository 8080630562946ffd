"""Tests of the room of selectors."""
