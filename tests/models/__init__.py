"""Tests of models: log-probabilities, loading and saving, the reward head, folders."""
