"""Figures of a report: one file each, drawn by matplotlib, readable at half the width of a page."""
