"""On which kind of file system a path is: SQLite's locks cannot be relied on over a network. Linux tells; pure."""

from pathlib import PurePath

NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs",
        "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "smb3", "smbfs",
    }
)  # fmt: skip


def file_system_of(mountinfo: str, path: PurePath) -> str | None:
    """The kind of file system that holds a resolved path, from the text of /proc/self/mountinfo; None if unknown.

    Of several mounts the deepest holds it, and of those at one place the last.
    """
    found, depth = None, 0
    for line in mountinfo.splitlines():
        place, kind = _mount(line)
        parts = PurePath(place).parts if place else ()
        if parts and path.parts[: len(parts)] == parts and len(parts) >= depth:
            found, depth = kind, len(parts)
    return found


def _mount(line: str) -> tuple[str | None, str | None]:
    before, _, after = line.partition(" - ")
    fields, kinds = before.split(), after.split()
    if len(fields) < 5 or not kinds:
        return None, None
    return fields[4].encode().decode("unicode_escape"), kinds[0]
