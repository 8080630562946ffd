"""Stage kind `score`: log-probabilities of every response of a split."""
