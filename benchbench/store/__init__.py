"""The shape of runs/ and results/: read and written here, nowhere else."""
