"""Stage kind `pseudo_labels`: labelled pairs, and further pairs that a reward model is sure of."""
