"""The machine: GPU and driver, shared memory, Slurm and Ray. Asks no scheduler and opens no connection."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from medcutmix_cli.doctor.records import Diagnosis, Surroundings
from medcutmix_cli.doctor.software import installed_version
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.disk_space import free_bytes
from medcutmix_cli.system.extras import pip_line

DRIVER = Path("/proc/driver/nvidia/version")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at, never written
_ENOUGH_SHARED = 1 << 30
"""Bytes; Ray keeps its objects there, and so do the workers of a torch loader."""

_PATIENCE_S = 10


def check_gpu(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Compare the device that is asked for with the GPUs that torch can use, and those with the driver."""
    import torch

    asked, driver = surroundings.settings.encoder.device, driver_version()
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count:
        names = ", ".join(torch.cuda.get_device_name(number) for number in range(count))
        yield Diagnosis("pass", f"{names}; driver {driver or 'unknown'}, CUDA {torch.version.cuda} of torch")
    elif asked.startswith("cuda"):
        fix = "--device cpu; or a torch built for CUDA, and a driver that is new enough for it"
        yield Diagnosis("fail", f"--device {asked}: torch can use no GPU here", fix)
    elif driver:
        fix = f"install a torch built for CUDA (this one is {torch.__version__}), or a newer driver"
        yield Diagnosis("warn", f"there is an NVIDIA driver ({driver}), and torch can use no GPU", fix)
    else:
        yield Diagnosis("pass", "no GPU: encoders run on the CPU")


def driver_version() -> str:
    """Return the version of the NVIDIA driver, "" where there is none."""
    try:
        found = re.search(r"\b(\d+\.\d+(?:\.\d+)?)\b", DRIVER.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return found.group(1) if found else ""


def check_slurm(_surroundings: Surroundings) -> Iterator[Diagnosis]:
    """See whether there is a program to submit jobs with, and whether a job has the CPUs it was given."""
    program = shutil.which("sbatch")
    given = os.environ.get("SLURM_CPUS_PER_TASK", "")
    if given.isdigit() and usable_cpus() < int(given):
        what = f"the job was given {given} CPUs and may use {usable_cpus()}"
        yield Diagnosis(
            "warn", what, "srun --cpus-per-task=N, since Slurm 22.05 no longer hands it on to steps"
        )
    if program is None:
        yield Diagnosis("pass", "no Slurm here")
        return
    version = _version_of(program)
    if version:
        what = f"{version}: sbatch is here; whether the cluster takes the jobs was not asked"
        yield Diagnosis("pass", what)
    else:
        fix = "is this a login node? batch slurm without --submit prints the script"
        yield Diagnosis("warn", "sbatch is there and does not say its version", fix)


def _version_of(program: str) -> str:
    try:
        ended = subprocess.run(  # noqa: S603 - its own path, found on PATH
            [program, "--version"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.strip() if not ended.returncode else ""


def check_ray(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """See whether the engine ray can be used, and whether it has the shared memory it wants."""
    wanted = surroundings.settings.run.engine == "ray" or bool(os.environ.get("RAY_ADDRESS"))
    if find_spec("ray") is None:
        fix = f"{pip_line('ray')}, or another engine"
        said = Diagnosis("fail", "ray is asked for (--engine ray or RAY_ADDRESS) and not installed", fix)
        yield said if wanted else Diagnosis("pass", "not installed; the engine is this process")
        return
    free = shared_memory()
    if 0 <= free < _ENOUGH_SHARED:
        what = (
            f"{free / 1e9:.1f} GB of shared memory: Ray writes to disk beyond it, workers of a loader may end"
        )
        yield Diagnosis("warn", what, "a container started with --shm-size=2g or --ipc=host")
    else:
        yield Diagnosis("pass", f"ray {installed_version('ray')}")


def shared_memory() -> int:
    """Return the free bytes of shared memory, -1 where there is no such place."""
    return free_bytes(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else -1
