import ctypes
import gc
import os
import signal
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings

from medcutmix_cli.system.cpus import usable_cpus

# What holds, holds on a machine that runs much else: time is no property. CI draws the same examples each time: whether
# a change lands must hang on the change. Runs by hand go on looking for new ones.
settings.register_profile(
    "medcutmix",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("medcutmix")


# <malloc.h>: the C library of Linux gives arrays of more than 128 kB back at once, and each page of the next costs a
# fault: a fifth of the time of painting phantoms. Of this process alone; what tests start is as users have it.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def pytest_configure():
    """Keep freed memory, and look for rubbish in what tests make only: what is collected and imported stays."""
    gc.disable()
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 32 << 20)
        ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, 256 << 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """Look for rubbish again, but never among the hundreds of thousands of objects that are there by now."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Return one more than there are CPUs: tests wait for Ray, Slurm, browsers and disks while others can go on."""
    return usable_cpus() + 1


@pytest.fixture(scope="session", autouse=True)
def _signals_as_in_a_terminal():
    """Undo what `nohup` and `&` leave behind: an ignored signal is inherited, and the program respects it."""
    for name in ("SIGINT", "SIGHUP", "SIGTERM", "SIGUSR1"):
        number = getattr(signal, name)
        if signal.getsignal(number) is signal.SIG_IGN:
            usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(number, usual)
