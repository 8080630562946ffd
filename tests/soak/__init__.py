"""Numbers under kills: real processes, signals at moments drawn from a seed, and the bytes that must come out."""
