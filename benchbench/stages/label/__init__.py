"""Stage kind `label`: what an oracle says of the responses of a rollout."""
