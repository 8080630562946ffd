"""Published tables: means, spreads and numbers of seeds, read again without any run."""
