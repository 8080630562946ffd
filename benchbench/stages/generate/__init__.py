"""Stage kind `generate`: a policy's own responses."""
