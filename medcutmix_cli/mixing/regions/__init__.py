"""Where the mix happens: the recipient's evidence, the donor's, or both. One file a strategy."""
