"""Search over steps of a response: step beam and Monte Carlo tree search, which give siblings along the best path."""
