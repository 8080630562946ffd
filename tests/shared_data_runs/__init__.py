"""Runs on real third-party data and models."""
