"""Write both files and `manifest.json` anew: `python docs/demo/generate.py`, or `--check` to compare only.

The same bytes come out on every machine. Nobody in the file exists.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demodata.build import files

HERE = Path(__file__).parent


def main() -> int:
    """Write the files, or with `--check` say whether they are what this script would write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    check = parser.parse_args().check
    differing = []
    for name, content in files().items():
        path = HERE / name
        if not path.is_file() or path.read_bytes() != content:
            differing.append(name)
            if not check:
                path.write_bytes(content)
    sys.stdout.write(f"{'differ' if check else 'written'}: {', '.join(differing) or 'none'}\n")
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
