"""`bench compare --from`: results of other tools, read and compared."""
