"""Workshop of comparison: statistics, tables and plots; arrays and frames in, numbers out."""
