"""Workshop of responses: one protocol (`core.generation.Engine`), two engines, and what belongs to them."""
