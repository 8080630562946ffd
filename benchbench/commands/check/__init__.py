"""`bench check`: finished cells against the numbers that were reported."""
