"""What policies gain against how far they went: curves over the KL to the start, and rows compared at equal KL."""
