"""`bench leaderboard`: every recipe of a setting in one table, and what it can say."""
