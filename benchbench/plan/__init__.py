"""From recipes and seeds to a graph of stages: what is cached and what must run."""
