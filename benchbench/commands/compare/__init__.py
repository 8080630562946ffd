"""`bench compare`: methods beside each other, paired by seed and prompt."""
