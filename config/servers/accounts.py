"""Under whose name a server runs, and in which folder it can live.

PostgreSQL refuses to run as root. Started by root, servers run as an unprivileged account of the
system, and that account may be unable to reach the data folder (a checkout in /root, say): then
they live under `/var/lib/dropstitch`, and the link `servers` in the data folder leads there.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ACCOUNTS = ("dropstitch", "postgres", "nobody")
ELSEWHERE = Path("/var/lib/dropstitch")


class NoAccount(RuntimeError):
    """There is no unprivileged account that the servers could run as."""


@dataclass(frozen=True)
class Account:
    """Who a child process runs as; `None` is whoever runs us."""

    uid: int | None = None
    gid: int | None = None

    def can_use(self, path: Path) -> bool:
        """Whether the account can run a program at `path`, or enter a folder there."""
        if self.uid is None:
            return os.access(path, os.X_OK)
        asked = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
            cwd="/",
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            check=False,
        )
        return asked.returncode == 0

    def own(self, *paths: Path) -> None:
        """Make the account the owner of `paths`."""
        if self.uid is not None and self.gid is not None:
            for path in paths:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_account(data: Path) -> Account:
    """The account for servers with their data under `data`: its owner, else a system account."""
    if os.geteuid() != 0:
        return Account()
    owner = data.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise NoAccount(
        "PostgreSQL does not run as root, and there is no account to run it as. "
        "Create one (useradd --system dropstitch), or run this as an ordinary user."
    )


def server_home(data: Path, account: Account) -> Path:
    """The folder the servers live in: `data` itself wherever the account can reach it."""
    if account.can_use(data):
        return data
    link = data / "servers"
    if not link.is_symlink():
        ELSEWHERE.mkdir(parents=True, exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix="", dir=ELSEWHERE))
        home.chmod(0o755)
        link.symlink_to(home)
    return link.readlink()
