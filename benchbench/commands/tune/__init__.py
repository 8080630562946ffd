"""`bench tune`: equal grids on a validation split, and a rule fixed beforehand that picks from them."""
