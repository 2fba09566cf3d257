"""Text in, sentences out. Knows no pixel and no model of pictures; the rules are data in `rules/`."""
