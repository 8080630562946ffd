"""The training loop and its parts; it knows log-probabilities and terms, never a recipe."""
