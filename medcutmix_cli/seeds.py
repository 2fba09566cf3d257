"""Seeds from ids: the same study gets the same draw on a laptop, in array task 17 and after a resume."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def stable_hash(*parts: str | int) -> str:
    """Hash ids to 16 hex digits; parts are kept apart, so ("ab", "c") and ("a", "bc") differ."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def stable_generator(*parts: str | int) -> np.random.Generator:
    """Return a generator that depends on the ids alone."""
    import numpy as np

    return np.random.Generator(np.random.PCG64(int(stable_hash(*parts), 16)))
