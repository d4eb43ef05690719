"""What kind of file system a path lies on: SQLite's locks and shared memory need a local one (RELIABILITY R-4)."""

from __future__ import annotations

import os
from pathlib import Path

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "9p", "virtiofs"}
)
_NETWORK_FUSE = ("sshfs", "s3fs", "gcsfuse", "rclone", "glusterfs", "davfs", "blobfuse", "goofys", "ceph", "juicefs")


def network_filesystem(path: Path, mounts: str | None = None) -> str | None:
    """The type of the network file system that holds `path`; None for a local one or where nothing tells.

    `mounts` is text in the format of /proc/self/mounts, by default that file.
    """
    if mounts is None:
        try:
            mounts = os.fsdecode(_MOUNTS.read_bytes())
        except OSError:
            return None
    target = path.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        _, point, found, *_ = line.split(" ")
        # Blanks in it are written as octal escapes.
        mounted = Path(os.fsdecode(os.fsencode(point).decode("unicode_escape").encode("latin-1")))
        # The last of equal mount points hides the earlier ones.
        if target.is_relative_to(mounted) and len(mounted.parts) >= best:
            best, kind = len(mounted.parts), found
    is_remote = kind in _NETWORK or (kind.startswith("fuse.") and any(name in kind for name in _NETWORK_FUSE))
    return kind if is_remote else None
