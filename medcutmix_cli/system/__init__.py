"""What the operating system is asked for: signals, files, processes, processors, a terminal to report to."""
