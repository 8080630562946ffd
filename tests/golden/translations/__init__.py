"""How the collections' cases are read as ours: one file per method that needs one, named after it, listed nowhere."""
