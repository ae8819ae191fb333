"""Importing files: everything is checked first, then all is stored or nothing."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from calendars.terms import Term
from calendars.text import Text
from scheduler.errors import InvalidWishError, NotFoundError
from scheduler.exchange.read import CellError, Placed, RefusedFilesError, read_files
from scheduler.exchange.write import write_files
from scheduler.model import Request, RequestState
from scheduler.records import KINDS, WORDS, Record, references
from scheduler.store import Transaction
from scheduler.weeks import OF_A_TERM, weeks_beyond

MOST_RECORDS: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: records read, and how many of them were new or different.

    By its `id` it can be undone on the same day.
    """

    id: str
    records: int
    changed: int


async def import_files(transaction: Transaction, files: Mapping[str, bytes]) -> Imported:
    """Store every record of the files, or refuse with every cell that is wrong.

    The same files twice change nothing (E65), whatever plans have been published in between.
    """
    placed, errors = read_files(files)
    wrong = [
        *errors,
        *_wrong_weeks(placed),
        *[error async for error in _missing(transaction, placed)],
    ]
    if wrong:
        raise RefusedFilesError(wrong)
    records = [await _as_planned(transaction, one.record) for one in placed]
    try:
        changed = await transaction.put_many(records)
    except InvalidWishError as error:
        _, index, pointer = error.pointer.split("/", 2)
        one = placed[int(index)]
        cell = one.error_at(f"/{pointer}", str(error.value), error.text)
        raise RefusedFilesError([cell]) from None
    imported = Imported(id=uuid4().hex, records=len(placed), changed=changed)
    await transaction.note_file_import(imported.id, imported)
    return imported


async def _as_planned(transaction: Transaction, record: Record) -> Record:
    """A request as it was placed: the form that people fill in knows nothing of published plans."""
    if not isinstance(record, Request) or record.state is not RequestState.OPEN or record.series:
        return record
    try:
        stored = (await transaction.get(Request, record.id)).record
    except NotFoundError:
        return record
    return replace(record, state=stored.state, series=stored.series, offer=stored.offer)


async def export_files(transaction: Transaction) -> Mapping[str, bytes]:
    """Every reference record as the files that `import_files` reads back without a change."""
    stored = [
        one.record
        for kind in KINDS.values()
        for one in await transaction.list(kind, limit=MOST_RECORDS)
    ]
    return write_files(stored)


def _wrong_weeks(placed: Sequence[Placed]) -> Iterator[CellError]:
    """Week grammar is checked against the term, so that a timetable of another term is blocked."""
    terms = {one.record.id: one.record for one in placed if isinstance(one.record, Term)}
    for one in placed:
        if isinstance(one.record, OF_A_TERM) and one.record.term in terms:
            for pointer, weeks, why in weeks_beyond(one.record, terms[one.record.term]):
                yield one.error_at(pointer, weeks, why)


async def _missing(transaction: Transaction, placed: Sequence[Placed]) -> AsyncIterator[CellError]:
    known: dict[tuple[type[Record], str], bool] = {
        (type(one.record), one.record.id): True for one in placed
    }
    for one in placed:
        for reference in references(one.record):
            named = (reference.kind, reference.id)
            if named not in known:
                known[named] = await _exists(transaction, *named)
            if not known[named]:
                word = WORDS[reference.kind]
                yield one.error_at(
                    reference.pointer,
                    reference.id,
                    Text(
                        f"没有编号为 {reference.id} 的{word.zh}。",
                        f"No such {word.en}: {reference.id}.",
                    ),
                )


async def _exists(transaction: Transaction, kind: type[Record], id: str) -> bool:
    try:
        await transaction.get(kind, id)
    except NotFoundError:
        return False
    return True
