"""Tests of the room of metrics."""
