"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import errno
import socket

ATTEMPTS = 200


class NoFreePort(OSError):
    """Nothing free in the range that was looked at."""


def listen(host: str, first: int) -> socket.socket:
    """A socket that listens on `first`, or on the next port that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(first, min(first + ATTEMPTS, 2**16)):
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
            bound.listen(2048)
        except OSError as error:
            bound.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return bound
    raise NoFreePort(f"No free port from {first} on {host}: set PORT to a free one.")


def free_port(first: int) -> int:
    """A port from `first` on that nothing listens on now; its taker may still come second.

    Below the range from which systems draw the ports of outgoing connections, so that a server
    that is restarted finds its own port free.
    """
    with listen("127.0.0.1", first) as bound:
        return int(bound.getsockname()[1])
