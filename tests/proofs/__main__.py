"""`make prove`: runs every proof on both engines, one line each; `make prove-NAME` runs one."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback

from tests.proofs.catalogue import PROOFS


def main() -> int:
    """Run the named proofs, or all."""
    names = sys.argv[1:] or list(PROOFS)
    failed = 0
    for name in names:
        for engine in ("sqlite", "postgresql"):
            started = time.perf_counter()
            try:
                verdict = asyncio.run(PROOFS[name](engine))
                passed, figures = verdict.passed, verdict.figures
            except Exception as error:
                traceback.print_exc()
                passed, figures = False, f"{type(error).__name__}"
            failed += not passed
            seconds = time.perf_counter() - started
            print(f"{'PASS' if passed else 'FAIL'} {name} {engine}: {figures} ({seconds:.0f} s)", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
