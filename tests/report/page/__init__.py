"""Pages: what stands on them, and that nothing of a text is ever markup."""
