"""The web process: uvicorn with the one ASGI application, on a socket that its parent holds.

The parent holds the listening socket so that a restarted web process finds its port, and that
connections made in between wait for it instead of being refused.
"""

from __future__ import annotations

import os
import socket
import sys

import uvicorn

LARGEST_SOCKET_MESSAGE = 16_384  # bytes
GRACE = 10  # seconds for open requests and sockets when stopping


def configuration() -> uvicorn.Config:
    """HTTP and websockets; compression of sockets is off, since it costs memory per viewer."""
    return uvicorn.Config(
        "config.asgi:application",
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=LARGEST_SOCKET_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
        access_log=False,
        log_config=None,  # Django's settings say how lines look, uvicorn's too
        proxy_headers=False,
        log_level=os.environ.get("LOG_LEVEL", "INFO").lower(),
    )


def main() -> None:
    """`python -m config.serve FD`: serve on the listening socket with that file descriptor."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    uvicorn.Server(configuration()).run(sockets=[listening])


if __name__ == "__main__":
    main()
