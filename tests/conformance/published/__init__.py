"""The published stack on a toy: what it gave, how it was asked, and what it was asked about."""
