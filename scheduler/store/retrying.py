"""Doing again what the database asks to be done again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError

from scheduler.store.failures import asks_to_try_again, in_the_callers_words

T = TypeVar("T")

_ATTEMPTS: Final = 8
_FIRST_PAUSE_SECONDS: Final = 0.01


async def retried(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` brings, begun again while the database asks for it: with jitter, and bounded.

    `UnavailableError` if that did not help.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await work()
        except DBAPIError as error:
            if attempt == _ATTEMPTS or not asks_to_try_again(error):
                raise in_the_callers_words(error) from error
        longest = _FIRST_PAUSE_SECONDS * 2**attempt
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - jitter hides no secret
    raise AssertionError
