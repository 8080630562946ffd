"""The workshop of the data."""
