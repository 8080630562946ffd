"""Stage kind `rollout`: responses that the policies of a round draw for training."""
