"""What a development hub tells its developer at the start."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from custhub.operator.people import Credentials
from custhub.settings import Settings


def own_command() -> str:
    """How this program is called from a shell that stands where this one does."""
    if shutil.which("custhub") is not None:
        return "custhub"
    beside = Path(sys.executable).with_name("custhub")
    if not beside.exists():
        return f"{sys.executable} -m custhub"
    return os.path.relpath(beside) if beside.is_relative_to(Path.cwd()) else str(beside)


def banner(settings: Settings, url: str, version: str, made: Credentials | None) -> str:
    """Where the documentation is, how to get a token, where the data lies; `made` is shown this once."""
    home = settings.home.absolute()
    given = f"CUSTHUB_HOME={settings.home} " if "home" in settings.model_fields_set else ""
    issue = f"{given}{own_command()} token issue --scope all"
    administrator = (
        []
        if made is None
        else [
            f"  administrator   {made.email}, password {made.password} (shown only now)",
            f"  its login       curl -s {url}/v1/auth/login -H 'Content-Type: application/json' \\",
            f"""                    -d '{{"email": "{made.email}", "password": "{made.password}"}}'""",
        ]
    )
    return "\n".join(
        [
            "",
            f"custhub {version}, for development, on {url}",
            "",
            f"  documentation   {url}/docs",
            f"  data            {home} ({settings.engine})",
            f"  a token         {issue}",
            f'  a first call    curl -s {url}/v1/customers -H "Authorization: Bearer $({issue})"',
            *administrator,
            "  stop            Ctrl-C",
            "",
        ]
    )
