"""Search over steps, on trees that are written down."""
