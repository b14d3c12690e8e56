"""Rows of a MySQL result set as Polars frames of text, split by column instead of by row.

Here: reading the text protocol's row packets off a pymysql connection, and the protocol's
compressed form. Not here: connecting, credentials, SQL (source).

Why: pymysql makes one Python object a value and is the limit of a scan at about 33,000 rows of 57
columns a second. The row packets hold length-prefixed texts one after the other, so for a block of
rows the start of column k+1 follows from column k for all rows at once; NumPy does that, and an
Arrow view array then points at the texts where they arrived, without a copy
(docs/decisions has the measurements).

The handshake, TLS and authentication are pymysql's. The packet layout is that of the protocol's
text result set: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from pymysql import err
from pymysql.connections import Connection, MySQLResult
from pymysql.constants import CLIENT, COMMAND, CR
from pymysql.protocol import MysqlPacket

_BLOCK_BYTES = 2 << 20
"""About 1,400 rows of the production table: NumPy's call overhead is small by then, and larger
blocks were slower (2 MiB 150k, 8 MiB 110k, 16 MiB 88k rows a second: they leave the cache)."""

_HEADER = 4
_LARGEST_PACKET = 0xFFFFFF
_PADDING = 16
"""Bytes behind the data, so that the 12 bytes after any start can be gathered unconditionally."""

_NULL, _TWO_BYTES, _THREE_BYTES, _EIGHT_BYTES = 0xFB, 0xFC, 0xFD, 0xFE
_EOF, _ERROR = 0xFE, 0xFF
_SHORTEST_EIGHT_BYTE_ROW = 9

_INLINE = 12
"""An Arrow view holds texts up to this length itself."""

_KEEP = np.zeros((_INLINE + 2, 3), dtype="<u4")
"""Row n masks the 12 bytes of a text of length n; the last row keeps a long text's prefix."""
for _length in range(_INLINE + 1):
    _KEEP[_length] = np.frombuffer(b"\xff" * _length + b"\0" * (_INLINE - _length), dtype="<u4")
_KEEP[_INLINE + 1] = (0xFFFFFFFF, 0, 0)


class CompressedConnection(Connection):  # type: ignore[misc]
    """A pymysql connection that asks the server for the compressed protocol (zlib).

    Falls back to the plain one where the server does not offer it.
    """

    _rfile: Any
    _compressed = False

    def _request_authentication(self) -> None:
        offered = bool(self.server_capabilities & CLIENT.COMPRESS)
        if offered:
            self.client_flag |= CLIENT.COMPRESS
        super()._request_authentication()
        if offered:
            self._compressed = True
            packets: io.BufferedReader = self._rfile
            self._rfile = io.BufferedReader(_Inflating(packets), buffer_size=1 << 16)

    def _write_bytes(self, data: bytes) -> None:
        if not self._compressed:
            super()._write_bytes(data)
            return
        # What a reader sends is a few hundred bytes, so it goes uncompressed (third field 0);
        # each command starts a new sequence.
        for number, start in enumerate(range(0, len(data), _LARGEST_PACKET)):
            part = data[start : start + _LARGEST_PACKET]
            header = len(part).to_bytes(3, "little") + bytes([number % 256, 0, 0, 0])
            super()._write_bytes(header + part)


class _Inflating(io.RawIOBase):
    """The bytes inside a stream of compressed packets."""

    def __init__(self, packets: io.BufferedReader) -> None:
        self._packets = packets
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._rest:
            header = self._packets.read(7)
            if len(header) < 7:
                return 0
            payload = self._packets.read(int.from_bytes(header[:3], "little"))
            inflated = int.from_bytes(header[4:], "little")
            self._rest = memoryview(zlib.decompress(payload) if inflated else payload)
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def read_frames(
    connection: Any, sql: str, names: Sequence[str], *, block_bytes: int = _BLOCK_BYTES
) -> Iterator[pl.DataFrame]:
    """The rows of a query, a block at a time, every value as the text that the server sent.

    Args:
        connection: an open pymysql connection without a result set under way.
        names: the columns of the query, in order.
        block_bytes: how much of the stream makes a frame; a longer row widens its own block.

    Yields:
        frames with the named columns, all String, NULL as null.

    Raises:
        pymysql.err.Error: what the server answered, a lost connection, or a stream that is no
            result set of that many columns.
        polars.exceptions.PolarsError: a text is not UTF-8.
    """
    connection._execute_command(COMMAND.COM_QUERY, sql)
    connection._read_query_result(unbuffered=True)
    result: MySQLResult = connection._result
    if result.field_count != len(names):
        connection._force_close()
        raise err.InternalError(f"{result.field_count} columns came, {len(names)} were expected")
    complete = False
    try:
        for block, starts, ends in _row_blocks(connection, block_bytes):
            yield _frame(block, starts, ends, names)
        complete = True
    finally:
        # pymysql would drain an abandoned result set when it is collected; a scan that was given
        # up must not read on for another hour.
        result.unbuffered_active = False
        result.connection = None
        if not complete:
            connection._force_close()


Positions = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


def _row_blocks(connection: Any, block_bytes: int) -> Iterator[tuple[Bytes, Positions, Positions]]:
    """Blocks of the stream with the start and the end of each row's payload in them."""
    stream: io.BufferedReader = connection._rfile
    unpack = struct.Struct("<I").unpack_from
    # What pymysql has already buffered first, from then on the socket itself: BufferedReader would
    # ask the socket for more than the server has left to send, and wait for ever.
    buffered = _received(lambda: stream.read1(_BLOCK_BYTES))
    block: Bytes = np.empty(max(block_bytes, len(buffered)) + _PADDING, dtype=np.uint8)
    filled = len(buffered)
    block[:filled] = np.frombuffer(buffered, dtype=np.uint8)
    while True:
        view = memoryview(block)  # type: ignore[arg-type]
        capacity = len(block) - _PADDING
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        finished = False
        while True:
            while at + _HEADER < filled:
                size = unpack(view, at)[0] & _LARGEST_PACKET
                start = at + _HEADER
                end = start + size
                if end > filled:
                    break
                first = view[start]
                if first >= _EOF and (first == _ERROR or size < _SHORTEST_EIGHT_BYTE_ROW):
                    if first == _ERROR:
                        MysqlPacket(bytes(view[start:end]), connection.encoding).raise_for_error()
                    finished = True
                    break
                after = end
                if size == _LARGEST_PACKET:
                    joined = _join_continued(block, start, filled)
                    if joined is None:
                        break
                    end, after = joined
                starts.append(start)
                ends.append(end)
                at = after
            if finished or filled == capacity:
                break
            filled += _received(partial(stream.raw.readinto, view[filled:capacity]))
        if starts:
            yield block, np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)
        if finished:
            return
        # The unfinished packet moves to the next block, which holds it whole if that is possible.
        rest = block[at:filled]
        following: Bytes = np.empty(max(block_bytes, 2 * len(rest)) + _PADDING, dtype=np.uint8)
        following[: len(rest)] = rest
        block, filled = following, len(rest)


_Got = TypeVar("_Got", bytes, int)


def _received(receive: Callable[[], _Got | None]) -> _Got:
    """What a read from the server gave; nothing means that the server is gone."""
    lost = "Lost connection to MySQL server during query"
    try:
        got = receive()
    except OSError as error:
        raise err.OperationalError(CR.CR_SERVER_LOST, f"{lost} ({error})") from error
    if not got:
        raise err.OperationalError(CR.CR_SERVER_LOST, lost)
    return got


def _join_continued(block: Bytes, start: int, filled: int) -> tuple[int, int] | None:
    """Close the gaps inside a row of several packets (16 MiB and more).

    Returns:
        the end of the joined payload and the end of its last packet, None while it is incomplete.
    """
    parts: list[tuple[int, int]] = []
    at = start - _HEADER
    while True:
        if at + _HEADER > filled:
            return None
        size = int.from_bytes(block[at : at + 3].tobytes(), "little")
        parts.append((at + _HEADER, size))
        at += _HEADER + size
        if at > filled:
            return None
        if size < _LARGEST_PACKET:
            break
    end = start
    for begin, size in parts:
        block[end : end + size] = block[begin : begin + size].copy()
        end += size
    return end, at


def _frame(block: Bytes, starts: Positions, ends: Positions, names: Sequence[str]) -> pl.DataFrame:
    """The rows of one block; their texts stay where they are."""
    block[-_PADDING:] = 0
    words: npt.NDArray[np.uint32] = np.ndarray(
        shape=(len(block) - 3,), dtype="<u4", buffer=block.data, strides=(1,)
    )
    data = pa.py_buffer(block)
    at = starts
    columns: list[pl.Series] = []
    for name in names:
        if len(at) and int(at.max()) >= len(block) - _PADDING + 1:
            raise err.InternalError("the result set's rows are shorter than its columns")
        begin, length, is_null = _texts(block, at)
        at = begin + length
        columns.append(_series(name, data, words, begin, length, is_null))
    if not np.array_equal(at, ends):
        raise err.InternalError("the result set's rows do not end where their columns do")
    return pl.DataFrame(columns)


def _texts(
    block: Bytes, at: Positions
) -> tuple[Positions, Positions, npt.NDArray[np.bool_] | None]:
    """Start and length of the length-prefixed texts at these places, and which are NULL."""
    prefix = block[at]
    length = prefix.astype(np.int64)
    begin = at + 1
    special = np.flatnonzero(prefix >= _NULL)
    if not len(special):
        return begin, length, None
    kinds = prefix[special]
    null_rows = special[kinds == _NULL]
    length[null_rows] = 0
    for kind, size in ((_TWO_BYTES, 2), (_THREE_BYTES, 3), (_EIGHT_BYTES, 8)):
        rows = special[kinds == kind]
        if len(rows):
            value = np.zeros(len(rows), dtype=np.int64)
            for byte in range(size):
                value |= block[begin[rows] + byte].astype(np.int64) << (8 * byte)
            length[rows] = value
            begin[rows] += size
    if not len(null_rows):
        return begin, length, None
    is_null = np.zeros(len(at), dtype=np.bool_)
    is_null[null_rows] = True
    return begin, length, is_null


def _series(
    name: str,
    data: pa.Buffer,
    words: npt.NDArray[np.uint32],
    begin: Positions,
    length: Positions,
    is_null: npt.NDArray[np.bool_] | None,
) -> pl.Series:
    """A String column of Arrow views: short texts inside the view, long ones by their place."""
    views = np.empty((len(begin), 4), dtype="<u4")
    views[:, 0] = length
    views[:, 1] = words[begin]
    views[:, 2] = words[begin + 4]
    views[:, 3] = words[begin + 8]
    views[:, 1:] &= _KEEP[np.minimum(length, _INLINE + 1)]
    long = np.flatnonzero(length > _INLINE)
    views[long, 3] = begin[long]
    validity = None
    nulls = 0
    if is_null is not None:
        validity = pa.py_buffer(np.packbits(~is_null, bitorder="little"))
        nulls = int(is_null.sum())
    array = pa.Array.from_buffers(
        pa.binary_view(), len(begin), [validity, pa.py_buffer(views), data], nulls
    )
    # Polars checks that the bytes are UTF-8 and then takes them as they lie.
    return pl.Series(name, array).cast(pl.String)
