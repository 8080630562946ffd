"""`bench export`: responses and pair scores as the files of other tools."""
