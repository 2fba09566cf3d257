"""Phantoms drawn once for all tests of a session that only read them, in whatever process they run."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from medcutmix_cli import write_sample


def folder_of_samples(base: Path) -> Path:
    """Return the folder that the processes of a session share; `base` is `tmp_path_factory.getbasetemp()`."""
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "samples"


def draw_once(kept: Path, draw: Callable[[Path], object]) -> Path:
    """Return the data set `kept`, which nobody may change; where there is none yet, `draw` is called with a folder."""
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        new = Path(mkdtemp(dir=kept.parent))
        draw(new / "drawn")
        try:
            (new / "drawn").rename(kept)
        except OSError:  # another process was quicker
            shutil.rmtree(new)
    return kept


def shared_sample(base: Path, studies: int) -> Path:
    """Return so many studies, as `write_sample` draws them by default."""
    kept = folder_of_samples(base) / f"--studies_{studies}"  # as tests of pages name it
    return draw_once(kept, lambda folder: write_sample(folder, studies=studies))
