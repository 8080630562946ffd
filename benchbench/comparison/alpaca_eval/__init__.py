"""AlpacaEval 2: its files, its leaderboard numbers and its length control."""
