"""What must be readable again but never lie open in the database: sealed with the operator's key.

A backup without the key opens none of it.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from scheduler.errors import StateError

SHORTEST_KEY: Final = 32


class Keyring:
    """The operator's keys, the newest first: it seals with that one and opens with any."""

    def __init__(self, keys: tuple[str, ...] = ()) -> None:
        self._boxes = [_box(key) for key in keys]

    def seal(self, secret: str) -> bytes:
        """The secret, unreadable without the key (`StateError` where there is none)."""
        return self._opener().encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret again, or `StateError` where no key opens it."""
        try:
            return self._opener().decrypt(sealed).decode()
        except InvalidToken:
            raise StateError(
                "LIANKE_SECRET_KEY 打不开已保存的密文：请在其中保留旧密钥（用逗号分隔）。",
                "LIANKE_SECRET_KEY does not open what is stored: keep the old key in it, after a "
                "comma.",
            ) from None

    def _opener(self) -> MultiFernet:
        if not self._boxes:
            raise StateError(
                "未设置 LIANKE_SECRET_KEY，无法保存密钥和地址；请管理员设置一个不少于 "
                f"{SHORTEST_KEY} 个字符的随机串。",
                "Without LIANKE_SECRET_KEY no secret can be kept: ask the operator to set it to at "
                f"least {SHORTEST_KEY} random characters.",
            )
        return MultiFernet(self._boxes)


def _box(key: str) -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(b"lianke: secrets\n" + key.encode()).digest()))
