"""Workshop of batches: padding, order and microbatches."""
