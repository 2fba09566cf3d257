"""Records as Arrow has them, by their annotations: what is nested in a plan or a shard is not written down twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from itertools import accumulate, chain
from operator import attrgetter
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pyarrow as pa

_SIMPLE = {bool: pa.bool_(), int: pa.int32(), float: pa.float64(), str: pa.string(), bytes: pa.binary()}


def field_types(record: type) -> dict[str, pa.DataType]:
    """Return the Arrow type of each field of a record, in order."""
    hints = get_type_hints(record)
    return {entry.name: arrow_type(hints[entry.name]) for entry in fields(record)}


def arrow_type(hint: Any) -> pa.DataType:
    """Return the Arrow type of an annotation; a tuple of floats is a vector of labels, which is float32.

    Raises:
        TypeError: No plan and no shard has such a thing.
    """
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return pa.string()
    if is_dataclass(hint):
        return pa.struct(list(field_types(hint).items()))  # type: ignore[arg-type]
    arguments = get_args(hint)
    if get_origin(hint) is tuple and arguments[1:] == (...,):
        return pa.list_(pa.float32() if arguments[0] is float else arrow_type(arguments[0]))
    if len(arguments) == 2 and arguments[1] is NoneType:
        return arrow_type(arguments[0])
    raise TypeError(f"{hint} has no Arrow type")


def records_table(records: Sequence[object], schema: pa.Schema) -> pa.Table:
    """Return records as a table, column by column: a tenth of the time that a dict for each takes.

    Args:
        records: All of one class, whose fields hold what `schema` has; no record within them may be missing.
        schema: Of `field_types`.
    """
    columns = [_column(list(map(attrgetter(entry.name), records)), entry.type) for entry in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_struct(kind):
        children = [_column(list(map(attrgetter(part.name), values)), part.type) for part in kind]
        return pa.StructArray.from_arrays(children, fields=list(kind))
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        offsets = pa.array(accumulate(map(len, values), initial=0), pa.int32())
        return pa.ListArray.from_arrays(offsets, _column(list(chain.from_iterable(values)), kind.value_type))
    return pa.array(values, kind)
