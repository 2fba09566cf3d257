"""Plan here, render on Ray, check here: the sample data set, from Python.

Usage: python render_on_ray.py WORK [ADDRESS]

Without an address Ray is started on this machine for the run, and ends with it. With the address of a cluster,
WORK must lie where all its nodes see it under the same path.
"""

import sys
from pathlib import Path

import medcutmix_cli


def main(work: str, address: str = "local") -> None:
    sample, run = Path(work) / "sample", Path(work) / "run"
    medcutmix_cli.write_sample(sample, studies=60)
    medcutmix_cli.plan(sample, run, gate="none", shard_size=4)
    status = medcutmix_cli.render(
        run, engine="ray", engine_options={"address": address, "cpus_per_actor": 1}, progress=say
    )
    print(f"{status.planned} pairs: {status.written} written, rejected {status.rejected}")
    print(f"verified: {medcutmix_cli.verify(run, deep=True).ok}")


def say(stage: str, done: int, total: int) -> None:
    print(f"{stage}: {done} of {total}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
