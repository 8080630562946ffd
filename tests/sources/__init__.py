"""The room of sources."""
