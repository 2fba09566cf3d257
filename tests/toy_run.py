"""Run `augment` with the toy encoder in a process of its own, to be killed: python -m tests.toy_run DATA OUT SIZE."""

import sys

from medcutmix_cli import composition, pipeline
from tests.toy_encoder import ToyEncoder


def main(dataset: str, out: str, shard_size: str) -> None:
    """Augment; each picture takes a moment, so that there is time to be killed."""
    pipeline.build_encoder = composition.build_encoder = lambda _settings: ToyEncoder()
    pipeline.augment(dataset, out, encoder="toy", gate="none", shard_size=int(shard_size), workers=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
