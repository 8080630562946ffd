"""Recipes, rows, model folders and arguments that nobody would write: one message, and no file elsewhere."""
