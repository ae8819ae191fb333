"""Secrets are readable again with the operator's key, and with no other."""

import pytest

from scheduler.errors import StateError
from scheduler.secrets import Keyring

OLD, NEW = "o" * 32, "n" * 32
SECRET = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1234"  # noqa: S105 - opens nothing


def test_a_secret_comes_back_and_is_unreadable_meanwhile() -> None:
    sealed = Keyring((NEW,)).seal(SECRET)
    assert SECRET.encode() not in sealed
    assert Keyring((NEW,)).open(sealed) == SECRET


def test_what_an_old_key_sealed_opens_while_the_old_key_is_kept() -> None:
    sealed = Keyring((OLD,)).seal(SECRET)
    assert Keyring((NEW, OLD)).open(sealed) == SECRET
    with pytest.raises(StateError, match="LIANKE_SECRET_KEY"):
        Keyring((NEW,)).open(sealed)


def test_the_newest_key_seals() -> None:
    assert Keyring((NEW,)).open(Keyring((NEW, OLD)).seal(SECRET)) == SECRET


def test_without_a_key_nothing_is_kept() -> None:
    with pytest.raises(StateError, match="LIANKE_SECRET_KEY"):
        Keyring().seal(SECRET)
