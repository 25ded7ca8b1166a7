"""Cost and speed: AWS calls, transitions, start-up and CPU of each path against its budget."""
