"""R-4: a network file system under the embedded database is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from custhub.kit.mounts import network_filesystem

MOUNTS = """\
/dev/vda / ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
server:/export /mnt/share nfs4 rw 0 0
server:/my\\040files /mnt/my\\040files cifs rw 0 0
/dev/vdb /mnt/share/local ext4 rw 0 0
me@host:/x /home/me/remote fuse.sshfs rw 0 0
app /home/me/app fuse.AppImage ro 0 0
/dev/vdc /twice ext4 rw 0 0
server:/twice /twice nfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/hub/data", None),
        ("/mnt/share", "nfs4"),
        ("/mnt/share/hub/data", "nfs4"),
        ("/mnt/share/local/hub", None),
        ("/mnt/sharefoo", None),
        ("/mnt/my files/hub", "cifs"),
        ("/home/me/remote/hub", "fuse.sshfs"),
        ("/home/me/app/hub", None),
        ("/twice/hub", "nfs"),
    ],
)
def test_r4_network_filesystem(path: str, kind: str | None) -> None:
    assert network_filesystem(Path(path), MOUNTS) == kind


def test_r4_this_machine_can_be_asked(tmp_path: Path) -> None:
    network_filesystem(tmp_path)
