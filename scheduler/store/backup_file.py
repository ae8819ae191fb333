"""The file of a backup: gzipped lines of JSON that say what they are and prove that they are whole.

The first line is the header, then each table's rows follow as arrays in the order of its columns,
and the last line counts them and holds the SHA-256 of everything before. Knows no database.
"""

import gzip
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NoReturn
from uuid import uuid4

import msgspec

from scheduler.errors import InvalidValueError

VERSION: Final = 1
ROWS_AT_ONCE: Final = 500

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the file is: of which version, with which schema, when it was true, and its columns."""

    format: Literal["lianke-backup"] = "lianke-backup"
    version: int = VERSION
    schema: str
    made_at: datetime
    tables: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _TableFollows:
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Footer:
    rows: dict[str, int]
    sha256: str


class BackupWriter:
    """Writes a backup line by line."""

    def __init__(self, stream: BinaryIO, header: Header) -> None:
        self._stream = stream
        self._digest = sha256()
        self.rows = dict.fromkeys(header.tables, 0)
        self._write(header)

    def begin(self, table: str) -> None:
        """The rows that come now are those of `table`."""
        self._write(_TableFollows(table=table))

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Some more rows of the table that was begun."""
        self.rows[table] += len(rows)
        self._put(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))

    def finish(self) -> None:
        """Count and seal what was written."""
        footer = _Footer(rows=self.rows, sha256=self._digest.hexdigest())
        self._stream.write(msgspec.json.encode(footer) + b"\n")

    def _write(self, value: object) -> None:
        self._put(msgspec.json.encode(value) + b"\n")

    def _put(self, lines: bytes) -> None:
        self._digest.update(lines)
        self._stream.write(lines)


@contextmanager
def written_whole(file: Path) -> Iterator[BinaryIO]:
    """A compressed file for its owner's eyes that takes its name once all of it is on the disk."""
    part = file.with_name(f".{file.name}.{uuid4().hex}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                yield packed  # type: ignore[misc] # a GzipFile is as good a binary stream
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class BackupReader:
    """Reads a backup line by line; `InvalidValueError` as soon as it is not what it should be."""

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise InvalidValueError(f"没有文件 {file}。", f"There is no file {file}.")
        self._file = file
        self._lines = self._unpacked()
        self._digest = sha256()
        self.header = self._read_header()
        self.rows = dict.fromkeys(self.header.tables, 0)

    def parts(
        self, decoders: Mapping[str, "msgspec.json.Decoder[Any]"]
    ) -> Iterator[tuple[str, list[Row]]]:
        """The rows of each table, some at a time. The file is known to be whole at the end only."""
        table, rows = "", list[Row]()
        for line in self._lines:
            if not line.startswith(b"["):
                if rows:
                    yield table, rows
                rows = []
                if line.startswith(b'{"rows"'):
                    return self._check_footer(line)
                table = self._decoded(_TableFollows, line).table
                if table not in decoders:
                    self._damaged()
            elif not table:
                self._damaged()
            else:
                rows.append(self._decoded(decoders[table], line))
                self.rows[table] += 1
                if len(rows) == ROWS_AT_ONCE:
                    yield table, rows
                    rows = []
            self._digest.update(line)
        self._damaged()

    def _unpacked(self) -> Iterator[bytes]:
        try:
            with gzip.open(self._file, "rb") as packed:
                yield from packed
        except (gzip.BadGzipFile, zlib.error, EOFError):
            self._damaged()

    def _read_header(self) -> Header:
        line = b""
        try:
            line = next(self._lines)
            header = msgspec.json.decode(line, type=Header)
        except (InvalidValueError, StopIteration, msgspec.MsgspecError):
            raise InvalidValueError(
                f"{self._file} 不是联课的备份文件。", f"{self._file} is no backup of Lianke."
            ) from None
        if header.version != VERSION:
            raise InvalidValueError(
                f"备份文件的格式版本 {header.version} 无法读取，本程序只认识 {VERSION}。",
                f"The backup has the format version {header.version}; "
                f"this program reads {VERSION}.",
            )
        self._digest.update(line)
        return header

    def _decoded(self, kind: Any, line: bytes) -> Any:  # noqa: ANN401 - whatever the kind makes
        try:
            if isinstance(kind, msgspec.json.Decoder):
                return kind.decode(line)
            return msgspec.json.decode(line, type=kind)
        except msgspec.MsgspecError:
            self._damaged()

    def _check_footer(self, line: bytes) -> None:
        footer: _Footer = self._decoded(_Footer, line)
        if footer != _Footer(rows=self.rows, sha256=self._digest.hexdigest()):
            self._damaged()
        # Reading on to the end makes gzip compare its own checksum, too.
        if next(self._lines, None) is not None:
            self._damaged()

    def _damaged(self) -> NoReturn:
        raise InvalidValueError(
            f"备份文件 {self._file} 已损坏或不完整。",
            f"The backup {self._file} is damaged or not complete.",
        ) from None
