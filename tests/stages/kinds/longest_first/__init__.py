"""Stage kind of the tests, `longest_first`: preference pairs from a policy's own responses."""
