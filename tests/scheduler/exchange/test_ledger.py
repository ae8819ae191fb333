"""What an auditor takes away is the whole audit, and proves itself without the database."""

import csv
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from calendars.text import InvalidValueError
from scheduler.exchange.ledger import write_ledger
from scheduler.members import Name
from scheduler.model import AuditFilter
from scheduler.store import Transaction
from tests.builders import a_room
from tests.scheduler.desk import OFFICE, Desk

TOLD = (
    *("actor", "role", "origin", "request", "action", "subject_kind", "subject_id", "reason"),
    *("before", "after"),
)


async def written(desk: Desk, file: Path, wanted: AuditFilter | None = None) -> int:
    return await desk.read(write_ledger, wanted or AuditFilter(), file)


async def rename(desk: Desk, name: Name) -> None:
    async def put(transaction: Transaction) -> None:
        found = await transaction.get(type(a_room()), "JS-R1")
        await transaction.put(replace(found.record, name=name), revision=found.revision)

    await desk.do(put)


def hash_of(entry: dict[str, Any], before: bytes) -> str:
    """As docs/operations.md says."""
    texts = [
        json.dumps(entry[name], ensure_ascii=False, separators=(",", ":"))
        if name in {"before", "after"} and entry[name] is not None
        else entry[name]
        for name in TOLD
    ]
    moment = entry["at"].replace("Z", "+00:00").replace("+00:00", ".000000+00:00")
    told = [entry["chain"], entry["position"], moment, *texts]
    content = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return sha256(before + content.encode()).hexdigest()


async def test_every_entry_is_a_line_and_proves_itself(desk: Desk, tmp_path: Path) -> None:
    await rename(desk, "“新”教室\\2")
    file = tmp_path / "audit.jsonl"
    many = await written(desk, file)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == many > 1
    ends = dict.fromkeys((line["chain"] for line in lines), bytes(32))
    for line in lines:
        assert line["hash"] == hash_of(line, ends[line["chain"]])
        ends[line["chain"]] = bytes.fromhex(line["hash"])


async def test_a_spreadsheet_opens_it_and_calculates_nothing(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    await desk.do(
        Transaction.put,
        a_room("JS", 9, name="=1+1"),
        revision=None,
        by=replace(OFFICE, name="=cmd"),
    )
    many = await written(desk, file)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == many
    last = rows[-1]
    assert (last["actor"], last["action"], last["subject_id"]) == ("'=cmd", "create", "JS-R9")
    assert json.loads(last["after"])["name"] == "=1+1"


async def test_only_what_is_wanted_is_written(desk: Desk, tmp_path: Path) -> None:
    await rename(desk, "别名")
    file = tmp_path / "some.jsonl"
    assert await written(desk, file, AuditFilter(subject_kind="rooms", subject_id="JS-R1")) == 2


async def test_another_kind_of_file_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"audit\.xlsx"):
        await written(desk, tmp_path / "audit.xlsx")
