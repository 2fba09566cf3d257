"""What a damaged Parquet or Arrow file raises when it is read."""

from __future__ import annotations

import pyarrow as pa

ARROW_ERRORS: tuple[type[Exception], ...] = (OSError, pa.ArrowException, UnicodeDecodeError)
"""Texts are not looked at before they become Python's: bytes that are no UTF-8 are found only then."""
