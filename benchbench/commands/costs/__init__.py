"""`bench plan --on`: what a grid takes on given devices, and the memory line of `--dry-run`."""
