"""`bench reference`: finished comparisons as committed reference results."""
