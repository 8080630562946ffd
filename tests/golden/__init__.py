"""Golden values: numbers calculated independently of this package."""
