"""`bench diff`: what tells two runs apart."""
