"""The contract of a loss."""
