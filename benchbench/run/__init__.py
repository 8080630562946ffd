"""Workshop of running: executors, workers, devices and progress."""
