"""Tests of win rates and what stands beside them."""
