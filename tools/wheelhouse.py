"""Fill a folder with everything that is needed to install without internet.

python -m tools.wheelhouse WHEELS --extra encoders --extra ray

Run it with the Python that the nodes have, on their system: wheels are of one of each. Needs the network, which the
installation from it then does not.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from medcutmix_cli.system.file_hash import file_sha256

ROOT = Path(__file__).resolve().parents[1]
SUMS = "SHA256SUMS"


def fill(folder: Path, extras: Sequence[str], root: Path = ROOT) -> None:
    """Put the wheels of this package and of all that it needs into a folder, with the pins and the sum of each file.

    Args:
        folder: Made if need be. It must be empty: wheels of other versions would be taken as well.
        extras: Names of extras whose packages come along.
        root: The source.

    Raises:
        SystemExit: The folder holds something.
        CalledProcessError: pip has failed; it has said why.
    """
    if folder.exists() and any(folder.iterdir()):
        sys.exit(f"{folder} is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--constraint", str(root / "constraints.txt"))
    subprocess.run([*pip, "--wheel-dir", str(folder), str(root) + bracketed(extras)], check=True)
    shutil.copy(root / "constraints.txt", folder)
    (folder / SUMS).write_text(sums(folder), encoding="utf-8")


def bracketed(extras: Sequence[str]) -> str:
    """Return the extras as pip takes them behind a name, "" for none."""
    return f"[{','.join(extras)}]" if extras else ""


def sums(folder: Path) -> str:
    """Return what `sha256sum -c` reads, of all files but the sums themselves, by name."""
    files = sorted(path for path in folder.iterdir() if path.name != SUMS)
    return "".join(f"{file_sha256(path)}  {path.name}\n" for path in files)


def main(words: Sequence[str] | None = None) -> None:
    """Fill the folder that is named."""
    asking = argparse.ArgumentParser(prog="python -m tools.wheelhouse")
    asking.add_argument("folder", type=Path, help="an empty folder, or none yet")
    asking.add_argument("--extra", action="append", default=[], help="repeat it")
    asked = asking.parse_args(words)
    fill(asked.folder, asked.extra)
    wheels = sorted(asked.folder.glob("*.whl"))
    size = sum(wheel.stat().st_size for wheel in wheels) / 1e6
    print(f"{len(wheels)} wheels, {size:.0f} MB, in {asked.folder}")


if __name__ == "__main__":
    main()
