"""From recipes and seeds to a graph of stages: what is cached, what must run, and the local queue that runs it."""
