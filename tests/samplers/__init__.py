"""Tests of the room of samplers."""
