"""Tests of the room of reward-model objectives."""
