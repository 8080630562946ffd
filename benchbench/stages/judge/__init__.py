"""Stage kind `judge`: verdicts on two sets of responses."""
