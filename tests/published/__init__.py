"""The published protocol as the recipes have it, on a small model and real rows."""
