"""What is done around the program, by hand or by `make`: releases, lists of dependencies, measured tables."""
