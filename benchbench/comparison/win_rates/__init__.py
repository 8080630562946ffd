"""Win rates: from verdict rows to rates, ratings and what stands beside them."""
