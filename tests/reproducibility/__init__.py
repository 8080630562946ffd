"""The same command gives the same numbers; another seed others."""
