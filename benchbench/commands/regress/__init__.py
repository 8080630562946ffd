"""`bench regress`: committed reference results made again."""
