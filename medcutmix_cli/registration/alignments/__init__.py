"""How the donor's thorax is brought onto the recipient's. One file a strategy."""
