"""`bench analyse`: published analyses on rows of files."""
