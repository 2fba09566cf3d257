"""Pictures of a whole data set brought to canvas size once, for every later run. Reads no report."""
