"""The embedded PostgreSQL comes back after anything, with all that was committed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.servers import children
from config.servers.accounts import server_account, server_home
from config.servers.postgresql import APPLICATION, OWNER, SUPERUSER, PostgreSQL, WrongVersion


class Life:
    """A server and the process that runs it now."""

    def __init__(self, folder: Path, durable: bool = False):
        account = server_account(folder)
        self.server = PostgreSQL(server_home(folder, account), account, durable)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> PostgreSQL:
        process = self.process = children.start(self.server.program)
        assert children.wait_until(self.server.ready, lambda: process.poll() is None, 30)
        return self.server

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process, self.server.program)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the server's account can get to, which pytest's own folders do not allow."""
    made = Path(tempfile.mkdtemp(prefix="dropstitch-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def life(folder: Path) -> Iterator[Life]:
    living = Life(folder)
    yield living
    living.stop()


@pytest.fixture
def durable_life(folder: Path) -> Iterator[Life]:
    living = Life(folder, durable=True)
    yield living
    living.stop()


def test_what_was_committed_is_there_after_a_kill(durable_life: Life) -> None:
    life, server = durable_life, durable_life.start()
    server.create_database()
    with psycopg.connect(server.url(OWNER)) as session:
        session.execute("CREATE TABLE kept (line text)")
        session.execute("INSERT INTO kept VALUES ('acknowledged')")
    port = server.port
    assert life.process is not None
    life.process.kill()
    life.process.wait()
    life.start()
    with psycopg.connect(server.url(OWNER)) as session:
        assert session.execute("SELECT line FROM kept").fetchall() == [("acknowledged",)]
    assert server.port == port


def test_a_lock_file_whose_pid_went_to_somebody_else_is_no_obstacle(life: Life) -> None:
    server = life.start()
    life.stop()
    lock = server.folder / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{server.folder}\n")
    server.account.own(lock)
    life.start()


def test_a_cluster_half_made_is_made_again(life: Life) -> None:
    unfinished = life.server.home / "postgresql.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    assert life.start().create_database()


def test_a_long_path_gets_a_short_folder_for_its_socket(folder: Path) -> None:
    deep = folder.joinpath(*["a folder with a long name"] * 5)
    deep.mkdir(parents=True)
    life = Life(deep)
    try:
        short = life.start().socket_folder
        assert len(bytes(short / ".s.PGSQL.65535")) <= 107
        assert short.stat().st_mode & 0o077 == 0
        life.stop()
        assert life.start().socket_folder == short
    finally:
        life.stop()
    shutil.rmtree(short)


def test_roles_and_database_are_made_once(life: Life) -> None:
    server = life.start()
    assert server.create_database() is True
    assert server.create_database() is False


def test_over_tcp_a_password_is_asked(life: Life) -> None:
    server = life.start()
    server.create_database({APPLICATION: "right", OWNER: "other"})
    address = f"host=127.0.0.1 port={server.port} dbname=dropstitch user={APPLICATION}"
    psycopg.connect(f"{address} password=right").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"{address} password=other")


def test_the_application_is_neither_owner_nor_superuser(life: Life) -> None:
    server = life.start()
    server.create_database()
    with psycopg.connect(server.url(SUPERUSER)) as session:
        rows = session.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'dropstitch%' ORDER BY 1"
        ).fetchall()
        (owner,) = session.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'dropstitch'"
        ).fetchall()
    assert rows == [(APPLICATION, False, False, False), (OWNER, False, False, False)]
    assert owner == (OWNER,)


def test_a_cluster_of_another_version_is_refused_with_advice(life: Life) -> None:
    life.start()
    life.stop()
    (life.server.folder / "PG_VERSION").write_text("15\n")
    with pytest.raises(WrongVersion, match=r"made by PostgreSQL 15.*docs/operations\.md"):
        life.server.prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")
def test_started_by_root_it_runs_as_an_unprivileged_account(life: Life) -> None:
    life.start()
    assert life.process is not None
    assert os.stat(f"/proc/{life.process.pid}").st_uid == life.server.account.uid != 0


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root has folders that its servers can not reach"
)
def test_a_folder_that_the_account_can_not_reach_leads_elsewhere(folder: Path) -> None:
    folder.chmod(0o700)
    life = Life(folder)
    try:
        life.start()
        home = life.server.home
        assert (folder / "servers").readlink() == home
        assert Life(folder).server.home == home
    finally:
        life.stop()
    shutil.rmtree(home)
