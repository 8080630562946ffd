"""`bench fetch`: data and weights brought here and verified."""
