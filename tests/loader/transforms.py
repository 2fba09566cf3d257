"""A transform that spawned workers can import at little cost."""


def shrunk(pair):
    """Keep four pixels."""
    return {**pair, "image": pair["image"][:, :2, :2]}
