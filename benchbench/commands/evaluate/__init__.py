"""`bench eval`: measurements of finished cells, or of a model from elsewhere, and responses to prompt files."""
