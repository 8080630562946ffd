"""Figures: what is drawn, by the drawn marks."""
