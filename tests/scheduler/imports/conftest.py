from collections.abc import AsyncIterator

import pytest

from tests.scheduler.imports.servers import CalendarServer, open_calendar_server


@pytest.fixture
async def calendars() -> AsyncIterator[CalendarServer]:
    """A calendar server on this machine."""
    async with open_calendar_server() as opened:
        yield opened
