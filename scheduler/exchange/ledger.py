"""The audit as a file for an auditor: every entry with its place in the chain and its hash."""

import csv
from collections.abc import AsyncIterator, Callable
from dataclasses import fields
from pathlib import Path
from typing import IO, Final

import msgspec

from calendars.text import InvalidValueError
from scheduler.exchange.cells import write_cell
from scheduler.model import AuditEntry, AuditFilter
from scheduler.store import Transaction

_PAGE: Final = 1000
_NAMES: Final = tuple(field.name for field in fields(AuditEntry))
_ENCODINGS: Final = {".csv": "utf-8-sig", ".jsonl": "utf-8"}
"""With the mark that Excel and WPS want at the beginning of a CSV."""

Write = Callable[[AuditEntry], object]


async def write_ledger(transaction: Transaction, wanted: AuditFilter, file: Path) -> int:
    """Write the entries to a `.csv` or a `.jsonl` file, the oldest first; how many there were.

    In CSV `before` and `after` are JSON in one cell.
    """
    if file.suffix not in _ENCODINGS:
        raise InvalidValueError(
            f"文件名应以 .csv 或 .jsonl 结尾，而不是 {file.name}。",
            f"The file's name must end in .csv or .jsonl, unlike {file.name}.",
        )
    many = 0
    with file.open("w", encoding=_ENCODINGS[file.suffix], newline="") as stream:
        write = _rows(stream) if file.suffix == ".csv" else _lines(stream)
        async for entry in _entries(transaction, wanted):
            write(entry)
            many += 1
    return many


async def _entries(transaction: Transaction, wanted: AuditFilter) -> AsyncIterator[AuditEntry]:
    last = 0
    while page := await transaction.audit(wanted, after=last, limit=_PAGE):
        for entry in page:
            yield entry
        last = page[-1].no


def _lines(stream: IO[str]) -> Write:
    return lambda entry: stream.write(msgspec.json.encode(entry).decode() + "\n")


def _rows(stream: IO[str]) -> Write:
    sheet = csv.writer(stream)
    sheet.writerow(_NAMES)
    return lambda entry: sheet.writerow(_cell(getattr(entry, name)) for name in _NAMES)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return write_cell(value)
