"""Pinned weights, adapters, the reward head, and the one place that shifts, gathers and masks."""
