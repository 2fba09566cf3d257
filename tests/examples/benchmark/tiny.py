"""A training that takes no time, for tests of what stands around it."""

from dataclasses import replace

from examples.benchmark.config import Training


def tiny_training(training: Training) -> Training:
    """Return a training of three steps of a network of four channels."""
    return replace(
        training,
        side=32,
        steps=3,
        contrastive_steps=3,
        batch=12,
        contrastive_batch=12,
        width=4,
        embedding=8,
    )
