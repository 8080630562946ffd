"""One function per verb; the only place where workshops meet."""
