"""The library that computes NumPy's matrix products, held to one thread while our own work runs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import LibController, OpenBLASController, ThreadpoolController

from medcutmix_cli.system.library_settings import HeldSetting


def single_threaded_blas() -> AbstractContextManager[None]:
    """Keep each matrix product of NumPy in the thread that asks for it.

    Threads of the library's own wait for the next product by spinning, on CPUs that decode meanwhile; and how many
    there are may decide in which order a sum is taken.
    """
    return _threads().hold()


@cache
def _threads() -> HeldSetting[tuple[int, ...]]:
    return HeldSetting(_get, _put, (1,) * len(_libraries()))


@cache
def _libraries() -> list[LibController]:
    """Return those that are loaded; NumPy's own is one of them unless it was built without."""
    found: list[LibController] = ThreadpoolController().select(user_api="blas").lib_controllers
    return found


def _get() -> tuple[int, ...]:
    return tuple(library.num_threads for library in _libraries())


def _put(threads: tuple[int, ...]) -> None:
    for library, own in zip(_libraries(), threads, strict=True):
        library.set_num_threads(own)
    # Else no other thread could put it back.
    OpenBLASController.clear_controlling_thread()
