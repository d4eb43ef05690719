"""Hubs that send, on both engines."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.databases import TestDatabases
from tests.features.messages.office import CALLBACK_SECRET, Office
from tests.features.messages.sms_provider import sms_provider
from tests.hub import HubUnderTest
from tests.mail_server import certificate, mail_server

Opening = Callable[..., AbstractAsyncContextManager[Office]]


@pytest.fixture(scope="session")
def mail_tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A certificate of the mail server, and what trusts it."""
    return certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def opened(engine: str, tmp_path: Path, databases: TestDatabases, mail_tls: tuple[ssl.SSLContext, Path]) -> Opening:
    """Opens an office with other settings."""

    @asynccontextmanager
    async def opening(**settings: Any) -> AsyncIterator[Office]:
        context, ca_file = mail_tls
        database: Path | str
        if engine == "postgresql":
            url = database = databases.postgres_url()
        else:
            url, database = "", databases.sqlite_copy(tmp_path / "data" / "custhub.db")
        async with mail_server(context) as mail, sms_provider() as sms:
            given: dict[str, Any] = {
                "smtp_host": "127.0.0.1",
                "smtp_port": mail.port,
                "smtp_ca_file": ca_file,
                "smtp_from": "hub@example.com",
                "smtp_timeout_seconds": 1.0,
                "smtp_callback_secret": CALLBACK_SECRET,
                "sms_url": f"http://127.0.0.1:{sms.port}/send",
                "sms_token": "sms-token",
                "sms_timeout_seconds": 1.0,
                "sms_callback_secret": CALLBACK_SECRET,
                "egress_allow": ("127.0.0.0/8",),
                "egress_http": True,
                "egress_ports": (sms.port,),
            }
            hub = await HubUnderTest(tmp_path, url, **(given | settings)).start()
            try:
                yield Office(hub, mail, sms)
            finally:
                await hub.stop()
                databases.drop(database)

    return opening


@pytest.fixture
async def office(opened: Opening) -> AsyncIterator[Office]:
    """An office of one test."""
    async with opened() as made:
        yield made
