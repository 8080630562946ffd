"""Tests of the room of oracles."""
