"""The frontier of a comparison: which rows make a curve, and what their stages say of every prompt."""
