"""Recipes: schema, strict loading, inheritance from a setting, fingerprints. No torch here."""
