"""How fast benchbench is, measured beside what else could be used; never imported by benchbench."""
