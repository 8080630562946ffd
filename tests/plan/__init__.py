"""Tests of plans: fingerprints, what is cached."""
