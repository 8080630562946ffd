"""Workshop of running: the order of stages, the executors they run on, workers, devices and progress."""
