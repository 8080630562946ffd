"""Tests of the AlpacaEval 2 procedure."""
