"""Whether what must not lie open in the database is hashed or sealed, and nowhere written out."""

import re
from collections.abc import AsyncIterator, Collection, Iterator
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import LargeBinary, Row, String, Table, select, tuple_

from scheduler.model.findings import Check, Finding, found_in
from scheduler.store import tables
from scheduler.store.opened import AT_ONCE, OpenTransaction

_DIGEST_BYTES: Final = sha256().digest_size
_HASHES: Final = (tables.tokens.c.hash, tables.subscriptions.c.token_hash)
_SEALED: Final = (tables.channels, tables.imports, tables.invitations)
_SEAL: Final = re.compile(rb"gAAAA[\w-]{95,}={0,2}", re.ASCII)
"""A Fernet token: its version, the moment in seconds, what is sealed and an HMAC, in base64."""
_TOKEN: Final = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])", re.ASCII)
"""What a bearer token or the secret of a feed's address looks like; so do few other things."""
_ROBOT: Final = re.compile(
    r"/webhook/send\?key=[\w-]{8}|/robot/send\?access_token=\w{8}|/bot/v2/hook/[\w-]{8}", re.ASCII
)
_HOLDS_NO_WORDS: Final = frozenset({"hash", "token_hash", "sealed", "fingerprint"})


async def open_secrets(transaction: OpenTransaction) -> tuple[Finding, ...]:
    """Tokens kept otherwise than as a hash, addresses that are not sealed, and either in words."""
    found, hashes = list[Finding](), set[bytes]()
    for column in _HASHES:
        kept = {getattr(row, column.name) for row in await transaction.all(select(column))}
        hashes |= kept
        if open_ones := sum(not _is_hash(each) for each in kept):
            zh, en = (
                f"有 {open_ones} 个令牌不是以散列保存的。",
                f"{open_ones} of its tokens are not kept as hashes.",
            )
            found.append(found_in(Check.SECRETS, column.table.name, zh, en))
    for table in _SEALED:
        for row in await transaction.all(select(table.c.id, table.c.sealed).order_by(table.c.id)):
            if row.sealed is not None and not _SEAL.fullmatch(row.sealed):
                zh, en = "地址没有加密保存。", "its address is not sealed."
                found.append(found_in(Check.SECRETS, f"{_name(table)} {row.id}", zh, en))
    for table in tables.metadata.sorted_tables:
        async for subject, words in _words_in(transaction, table):
            found += _written_out(subject, words, hashes)
    return tuple(found)


def _is_hash(kept: bytes) -> bool:
    """Whether it is as long as a hash, and no text of that length."""
    return len(kept) == _DIGEST_BYTES and not (kept.isascii() and kept.decode().isprintable())


async def _words_in(transaction: OpenTransaction, table: Table) -> AsyncIterator[tuple[str, str]]:
    """Everything that a table says in words, with the row that says it; never all of it at once."""
    key = tuple(table.primary_key.columns)
    wordy = [
        each
        for each in table.columns
        if isinstance(each.type, String | LargeBinary)
        and not (each.primary_key or each.foreign_keys)
        and each.name not in _HOLDS_NO_WORDS
    ]
    if not wordy:
        return
    query = select(*key, *wordy).order_by(*key).limit(AT_ONCE)
    rows = await transaction.all(query)
    while rows:
        for row in rows:
            yield _subject(table, row), " ".join(map(_text, row[len(key) :]))
        last = rows[-1][: len(key)]
        rows = await transaction.all(query.where(tuple_(*key) > tuple_(*last)))


def _subject(table: Table, row: Row[Any]) -> str:
    if table is tables.tokens:
        return table.name
    return " ".join((_name(table), *(str(each) for each in row[: len(table.primary_key)])))


def _name(table: Table) -> str:
    return table.name.replace("_", "-")


def _text(words: str | bytes | None) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words or ""


def _written_out(subject: str, words: str, hashes: Collection[bytes]) -> Iterator[Finding]:
    if any(sha256(each.encode()).digest() in hashes for each in _TOKEN.findall(words)):
        zh, en = "写有一个有效的令牌。", "a token that opens something is written in it."
        yield found_in(Check.SECRETS, subject, zh, en)
    if _ROBOT.search(words):
        zh, en = "写有一个群机器人的地址。", "the address of a group robot is written in it."
        yield found_in(Check.SECRETS, subject, zh, en)
