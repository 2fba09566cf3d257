"""Import every module and look at a report and a run in a process that has nothing that only Linux has.

python -m tests.as_on_macos REPORT RUN. Libraries come before, as they bring builds of their own for macOS.
"""

import errno
import importlib
import io
import os
import pkgutil
import signal
import sys
from contextlib import redirect_stdout, suppress

import cv2  # noqa: F401
import pyarrow.parquet  # noqa: F401
import pydicom  # noqa: F401
import scispacy.abbreviation  # noqa: F401
import torch.utils.data
import typer  # noqa: F401

ONLY_LINUX = {
    errno: "EREMOTEIO EBADE EBADFD ECHRNG ECOMM ENOTUNIQ EUCLEAN ENOKEY ESTRPIPE ENOMEDIUM ERESTART",
    os: "sched_getaffinity sched_setaffinity memfd_create posix_fadvise posix_fallocate O_TMPFILE O_DIRECT splice "
    "eventfd pidfd_open getrandom setns unshare copy_file_range",
    signal: "SIGPWR SIGSTKFLT SIGPOLL SIGCLD SIGRTMIN SIGRTMAX sigtimedwait sigwaitinfo pidfd_send_signal",
}
HEAVY = ("ray", "transformers")  # extras; their absence is part of the test: a bare install


def hide_linux() -> None:
    """Take away the names, /proc and /sys."""
    for module, names in ONLY_LINUX.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    for module, name in ((os, "open"), (os, "stat"), (io, "open")):
        setattr(module, name, _blind(getattr(module, name)))
    sys.platform = "darwin"


def _blind(function):
    def look(path, *arguments, **options):
        if not isinstance(path, int) and os.fspath(path).startswith(("/proc", "/sys")):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return function(path, *arguments, **options)

    return look


def import_all() -> tuple[int, list[str]]:
    """Return how many modules of the package are imported, and the extras that the others lack."""
    import medcutmix_cli

    count, lacking = 0, set()
    for module in pkgutil.walk_packages(medcutmix_cli.__path__, "medcutmix_cli."):
        try:
            importlib.import_module(module.name)
            count += 1
        except ModuleNotFoundError as error:
            lacking.add((error.name or "").partition(".")[0])
    return count, sorted(lacking)


def command(*words: str) -> str:
    """Return what the command line prints."""
    from medcutmix_cli.main import main

    with redirect_stdout(io.StringIO()) as out, suppress(SystemExit):
        main(list(words))
    return out.getvalue()


def main(report: str, run: str) -> None:
    """Print a line for each thing that is promised."""
    sys.modules.update(dict.fromkeys(HEAVY))  # type: ignore[arg-type]
    hide_linux()
    print("lacking", *import_all()[1])
    print("read", "pleural effusion" in command("read", report))
    print("inspect", "Run: 2 pairs in 1 shard" in command("inspect", run))
    from medcutmix_cli.loader import MixedPairs

    batches = torch.utils.data.DataLoader(MixedPairs(run), batch_size=2)
    print("loader", *next(iter(batches))["image"].shape)


if __name__ == "__main__":
    main(*sys.argv[1:])
