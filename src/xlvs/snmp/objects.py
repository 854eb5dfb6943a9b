# SPDX-License-Identifier: Apache-2.0
"""Objects by their identifiers: values, tables that compute them when they are asked for, and the order of a walk."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Oid = tuple[int, ...]


class Kind(IntEnum):
    """Types of values; the numbers are those of RFC 2741 section 5.4."""

    INTEGER = 2
    OCTETS = 4
    NULL = 5
    OID = 6
    IP_ADDRESS = 64
    COUNTER = 65
    GAUGE = 66
    TIME_TICKS = 67
    OPAQUE = 68
    COUNTER64 = 70
    NO_SUCH_OBJECT = 128
    NO_SUCH_INSTANCE = 129
    END_OF_VIEW = 130


@dataclass(frozen=True, slots=True)
class Value:
    """A value with its type."""

    kind: Kind
    data: int | bytes | Oid = 0


NO_SUCH_OBJECT = Value(Kind.NO_SUCH_OBJECT)
NO_SUCH_INSTANCE = Value(Kind.NO_SUCH_INSTANCE)
END_OF_VIEW = Value(Kind.END_OF_VIEW)


def integer(number: int) -> Value:
    """INTEGER, also for enumerations; as near as its 32 bits come."""
    return Value(Kind.INTEGER, min(max(number, -(2**31)), 2**31 - 1))


def truth(*, true: bool) -> Value:
    """TruthValue, and enabled(1), disabled(2)."""
    return Value(Kind.INTEGER, 1 if true else 2)


def gauge(number: int) -> Value:
    """Gauge32 or Unsigned32."""
    return Value(Kind.GAUGE, min(max(number, 0), 2**32 - 1))


def counter(number: int) -> Value:
    """Counter32, which begins again after its greatest value."""
    return Value(Kind.COUNTER, number % 2**32)


def counter64(number: int) -> Value:
    """Counter64."""
    return Value(Kind.COUNTER64, number % 2**64)


def octets(text: str | bytes) -> Value:
    """A text or bytes."""
    return Value(Kind.OCTETS, text.encode(errors="surrogateescape") if isinstance(text, str) else text)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, or an object that stands alone: its index is (0,) then. None: a row lacks it."""

    oid: Oid
    rows: Callable[[], Mapping[Oid, Any]]
    value: Callable[[Any], Value | None]


class Objects:
    """What an agent knows. Columns must not lie within each other."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._columns = sorted(columns, key=lambda column: column.oid)
        self._starts = [column.oid for column in self._columns]
        self._is_kept = False
        self._tables: dict[Callable[[], Mapping[Oid, Any]], tuple[Mapping[Oid, Any], list[Oid]]] = {}

    def keep(self) -> None:
        """Until `forget`, rows are those that are met first: a walk over many would make and sort all of them each time."""
        self._is_kept = True

    def forget(self) -> None:
        """Rows are made anew from now on."""
        self._is_kept = False
        self._tables.clear()

    def _table(self, column: Column) -> tuple[Mapping[Oid, Any], list[Oid]]:
        """The rows of a column, and their indexes in order."""
        found = self._tables.get(column.rows)
        if found is None:
            rows = column.rows()
            found = rows, sorted(rows)
            if self._is_kept:
                self._tables[column.rows] = found
        return found

    def get(self, oid: Oid) -> Value:
        """The value of exactly this object."""
        at = bisect_right(self._starts, oid) - 1
        column = self._columns[at] if at >= 0 else None
        if column is None or oid[: len(column.oid)] != column.oid:
            return NO_SUCH_OBJECT
        rows, _ = self._table(column)
        index = oid[len(column.oid) :]
        found = column.value(rows[index]) if index in rows else None
        return found or NO_SUCH_INSTANCE

    def following(self, oid: Oid, end: Oid = (), *, include: bool = False) -> tuple[Oid, Value]:
        """The next object in order, before `end` unless that is empty; `include`: `oid` itself counts too."""
        for column in self._columns[max(bisect_right(self._starts, oid) - 1, 0) :]:
            within = oid[: len(column.oid)] == column.oid
            if not within and column.oid < oid:
                continue
            rows, indexes = self._table(column)
            first = (bisect_left if include else bisect_right)(indexes, oid[len(column.oid) :]) if within else 0
            for place in range(first, len(indexes)):
                index = indexes[place]
                found = column.value(rows[index])
                if found:
                    name = column.oid + index
                    return (oid, END_OF_VIEW) if end and name >= end else (name, found)
        return oid, END_OF_VIEW


def table(
    oid: Oid, rows: Callable[[], Mapping[Oid, Any]], columns: Mapping[int, Callable[[Any], Value | None]]
) -> list[Column]:
    """The columns of a table; `oid` is that of its entry."""
    return [Column((*oid, number), rows, value) for number, value in columns.items()]


def scalars(oid: Oid, values: Mapping[int, Callable[[], Value | None]]) -> list[Column]:
    """Objects that stand alone below an identifier."""

    def asked(value: Callable[[], Value | None]) -> Callable[[Any], Value | None]:
        return lambda _: value()

    return [Column((*oid, number), lambda: {(0,): None}, asked(value)) for number, value in values.items()]


def numbered(rows: Iterable[Any]) -> dict[Oid, Any]:
    """Rows by their place, from 1 on."""
    return {(number,): row for number, row in enumerate(rows, 1)}
