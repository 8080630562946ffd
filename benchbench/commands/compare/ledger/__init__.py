"""What every row was given, drew and took: as planned, as measured, and what is refused or marked."""
