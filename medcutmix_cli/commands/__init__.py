"""One thin file per word of the command line: read options, one API call, print."""
