"""What can be set, where it is said, and which part stands behind a name."""
