"""Statistics: intervals, tests and power; arrays in, numbers out."""
