"""How the region is pasted, one file a strategy."""
