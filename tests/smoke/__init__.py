"""The smallest run from the command line to its table."""
