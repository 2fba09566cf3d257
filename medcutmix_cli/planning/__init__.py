"""From a data set to the frozen list of pairs: reports are read, proposals are tried. Opens no picture."""
