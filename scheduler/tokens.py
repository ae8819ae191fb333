"""Bearer tokens: shown once, stored as a hash."""

import secrets
from datetime import datetime
from hashlib import sha256

from scheduler.model import Actor
from scheduler.store import Transaction


def hash_of(token: str) -> bytes:
    """What is stored of a token. Tokens are random, so a plain hash cannot be guessed back."""
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


async def issue_token(
    transaction: Transaction, actor: Actor, *, expires_at: datetime | None = None
) -> str:
    """A new token whose bearer acts as `actor`."""
    token = secrets.token_urlsafe(32)
    await transaction.add_token(hash_of(token), actor, expires_at=expires_at)
    return token
