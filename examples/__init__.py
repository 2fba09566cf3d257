"""Programs to read and to run; `examples.benchmark` is one of several files."""
