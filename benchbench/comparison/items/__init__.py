"""Models compared by what another tool scored on the same items, with or without several runs of each."""
