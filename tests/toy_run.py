"""Run with the toy encoder in a process of its own, to be killed.

python -m tests.toy_run DATA OUT SIZE calls the API; python -m tests.toy_run augment ... (plan, render) is the command
line.
"""

import sys

from medcutmix_cli import pipeline
from medcutmix_cli.main import main as medcutmix
from medcutmix_cli.system.pandasless_imports import load_pyarrow
from tests.toy_encoder import ToyEncoder, use_encoder


def main(dataset: str, out: str, shard_size: str) -> None:
    """Augment; each picture takes a moment, so that there is time to be killed."""
    load_pyarrow()  # as the command line does: half a second less
    pipeline.augment(
        dataset, out, encoder="toy", gate="none", align="none", shard_size=int(shard_size), workers=2
    )


if __name__ == "__main__":
    use_encoder(setattr, lambda _settings: ToyEncoder())
    if sys.argv[1] in ("augment", "plan", "render"):
        medcutmix()
    else:
        main(*sys.argv[1:])
