"""Tests of plans: fingerprints, what is cached, the local queue."""
