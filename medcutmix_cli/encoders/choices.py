"""What may be asked of a runtime, checked without torch; whether the device is there is asked when it is needed."""

from __future__ import annotations

import re

from medcutmix_cli.configuration.settings import PRECISIONS


def check_choices(device: str, precision: str, batch_size: int) -> None:
    """Refuse what has no meaning; see `Runtime` for what has.

    Raises:
        ValueError: A device or precision there is not, or fewer inputs at once than none.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, not {precision!r}")
    if not re.fullmatch("auto|cpu|cuda(:[0-9]+)?", device):
        raise ValueError(f"device must be auto, cpu, cuda or cuda:NUMBER, not {device!r}")
    if batch_size < 0:
        raise ValueError(f"batch_size must be at least 0, not {batch_size}")
