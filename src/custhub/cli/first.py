"""`custhub init` and `custhub migrate`: a new hub, and a new version of it."""

from __future__ import annotations

from typing import Annotated

import typer

from custhub.cli.output import ask, say
from custhub.server.refusal import FAILED, Refusal, explained, read_settings

Check = Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when there is something to do.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(migrate)


def init() -> None:
    """Make what a hub needs: keyring, database, a token for the first administrator.

    What is there already stays as it is, so it may run again.
    """
    # Loads what most other commands do not need.
    from custhub import migrate as migrations
    from custhub.server.preparation import data_directory, make_keyring

    settings = read_settings()
    with explained(settings), data_directory(settings):
        made = make_keyring(settings)
        migrations.upgrade(settings.url)
    where = "CUSTHUB_KEYRING" if settings.keyring else str(settings.keyring_path.absolute())
    say(f"keyring: {where} ({'made' if made else 'kept'})")
    if made:
        say("Save a copy of the keyring now, apart from the database and its backups:")
        say("without it nobody ever opens a phone number again, and with it everybody does.")
    say(f"database: {settings.engine}, at revision {migrations.head()}")
    token = ask("hub.bootstrap", {})["token"]
    if token is not None:
        say("There is no administrator yet. This token makes the first one, once, within 15 minutes:")
        say(f"  curl {settings.public_url}/v1/auth/bootstrap -H 'Content-Type: application/json' \\")
        say(f"""    -d '{{"token": "{token}", "email": "...", "name": "...", "password": "..."}}'""")


def migrate(check: Check = False) -> None:
    """Bring the database to this version."""
    from custhub import migrate as migrations
    from custhub.server.preparation import data_directory

    settings = read_settings()
    with explained(settings), data_directory(settings):
        stored = migrations.current(settings.url)
        migrations.check_known(stored)
        if stored == migrations.head():
            say(f"at revision {stored}, nothing to do")
            return
        if check:
            raise Refusal(f"the database is at revision {stored}, this version needs {migrations.head()}", FAILED)
        migrations.upgrade(settings.url)
    say(f"migrated from {stored or 'nothing'} to {migrations.head()}")
