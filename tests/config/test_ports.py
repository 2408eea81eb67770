"""A port that is taken makes way for the next one."""

from __future__ import annotations

import socket

import pytest

from config.servers import ports


def test_a_taken_port_makes_way_for_the_next_free_one() -> None:
    with ports.listen("127.0.0.1", 20_000) as first:
        taken = first.getsockname()[1]
        with ports.listen("127.0.0.1", taken) as second:
            assert second.getsockname()[1] > taken


def test_the_socket_accepts_connections_at_once() -> None:
    with ports.listen("127.0.0.1", 20_000) as listening:
        address = listening.getsockname()
        with socket.create_connection(address, timeout=2) as connection:
            assert connection.getpeername() == address


def test_a_range_without_a_free_port_is_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "ATTEMPTS", 1)
    with ports.listen("127.0.0.1", 20_000) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ports.NoFreePort, match=f"No free port from {port}.*set PORT"):
            ports.listen("127.0.0.1", port)


def test_a_free_port_is_below_those_of_outgoing_connections() -> None:
    assert 20_000 <= ports.free_port(20_000) < 32_768
