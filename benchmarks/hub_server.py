"""Serves the hub of the environment on one port, by the same code as `custhub serve`, work beside requests included."""

from __future__ import annotations

import sys

from custhub.server.listener import bind
from custhub.server.process import prepare_logs, serve
from custhub.settings import Settings


def main(port: int) -> int:
    """Serve until SIGTERM; the lines of requests go to nobody."""
    settings = Settings()
    prepare_logs(settings)
    sys.stdout = open("/dev/null", "w")  # noqa: SIM115  # lives with the process
    with bind("127.0.0.1", port) as listening:
        return serve(settings, listening, lambda _made: None)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
