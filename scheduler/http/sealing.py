"""A remembered answer that holds a secret is kept so that only the caller's own token opens it."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet


def seal(answer: bytes, token: str) -> bytes:
    """The answer, unreadable to whoever has the database; of the token that holds only a hash."""
    return _box(token).encrypt(answer)


def unseal(sealed: bytes, token: str) -> bytes:
    """The answer again."""
    return _box(token).decrypt(sealed)


def _box(token: str) -> Fernet:
    # Another hash than the one that is stored: from that one, nobody finds this key.
    key = sha256(b"lianke: answers kept for " + token.encode("utf-8", "surrogateescape")).digest()
    return Fernet(urlsafe_b64encode(key))
