"""Stage kind `select`: the training rows of a round."""
