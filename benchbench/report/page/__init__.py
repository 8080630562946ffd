"""The page of one comparison: its sections as plain blocks, and the forms that these are written in."""
