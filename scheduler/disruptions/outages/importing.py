"""Files of records that may put rooms or links out of use: whom that hits is warned as ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scheduler.disruptions.outages.marking import announce
from scheduler.exchange import Imported, import_files
from scheduler.members import Outage, OutageId
from scheduler.model import Session
from scheduler.store import Stored, Transaction

_ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """The sessions that a new or changed outage of the files hits, the soonest first."""

    outage: OutageId
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedAndTold:
    """What an import did, and whom its outages hit."""

    imported: Imported
    hits: tuple[Hit, ...]


async def import_and_warn(transaction: Transaction, files: Mapping[str, bytes]) -> ImportedAndTold:
    """`import_files`, after which everybody whom a new or changed outage hits is told so."""
    before = await _outages(transaction)
    imported = await import_files(transaction, files)
    hits = []
    for outage, stored in sorted((await _outages(transaction)).items()):
        if stored == before.get(outage):
            continue
        sessions = await announce(transaction, stored, is_new=outage not in before)
        if sessions:
            hits.append(Hit(outage=outage, sessions=sessions))
    return ImportedAndTold(imported=imported, hits=tuple(hits))


async def _outages(transaction: Transaction) -> dict[OutageId, Stored[Outage]]:
    return {each.record.id: each for each in await transaction.list(Outage, limit=_ALL)}
