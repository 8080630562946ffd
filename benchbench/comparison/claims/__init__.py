"""Claims: reported numbers against runs, and committed results against new ones."""
