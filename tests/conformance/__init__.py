"""Conformance with other implementations."""
