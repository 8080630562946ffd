"""`bench show`: examples as a model reads them, answers side by side, and the curves of a run."""
