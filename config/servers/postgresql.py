"""The embedded PostgreSQL: one cluster, one database, two roles."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from config.servers.accounts import Account
from config.servers.children import Program
from config.servers.ports import free_port
from config.servers.programs import postgresql_program

SUPERUSER = "postgres"
OWNER = "dropstitch_owner"
APPLICATION = "dropstitch_app"
DATABASE = "dropstitch"
LONGEST_SOCKET_PATH = 107  # bytes; sun_path of sockaddr_un holds 108 with its final zero
PORTS = range(15_000, 25_000)

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_compression": "on",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "idle_in_transaction_session_timeout": "60s",
    "log_min_duration_statement": "1s",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "shared_preload_libraries": "pg_stat_statements",
}
# for clusters that live no longer than a test run
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# whoever can enter the socket's folder is trusted; over TCP a password is asked
HOST_BASED_AUTHENTICATION = """\
local all         all trust
local replication all trust
host  all         all 127.0.0.1/32 scram-sha-256
host  all         all ::1/128      scram-sha-256
"""


class WrongVersion(RuntimeError):
    """The cluster on disk is of another major version than the program."""


class PostgreSQL:
    """A cluster in `home/postgresql`, reached through a socket in `home/socket`.

    Without `durable` it forgets what the disk did not write; without `tcp` there is the socket
    alone, whose address is known before the server starts.
    """

    def __init__(self, home: Path, account: Account, durable: bool = True, tcp: bool = True):
        self.home, self.account, self.durable, self.tcp = home, account, durable, tcp
        self.folder = home / "postgresql"
        self.port = 5432
        self.answered = False
        self.program = Program(
            name="postgres",
            argv=(str(self._binary("postgres")), "-D", str(self.folder)),
            account=account,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            patience=60.0,
            cwd=home,
            prepare=self.prepare,
        )

    def url(self, role: str, database: str = DATABASE) -> str:
        """libpq URL of `database` for `role`, through the socket."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{role}@/{database}?host={host}&port={self.port}"

    @property
    def socket_folder(self) -> Path:
        """Where the socket is; the link leads to a short path where `home` is a long one."""
        place = self.home / "socket"
        return place.readlink() if place.is_symlink() else place

    def ready(self) -> bool:
        """Whether sessions are accepted. Asks only once the server has noted that they are."""
        if not self._says_ready():
            return False
        try:
            psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        self.answered = True
        return True

    def _says_ready(self) -> bool:
        try:
            return "ready" in (self.folder / "postmaster.pid").read_text().split("\n")[7]
        except (OSError, IndexError):
            return False

    def prepare(self) -> None:
        """Everything that must be so before `postgres` starts, each time."""
        self._make_cluster()
        self._make_socket_folder()
        self._clear_stale_lock()
        if self.tcp and not self.answered:  # once others know the port it stays
            self.port = free_port(random.choice(PORTS))
        self._write("postgresql.conf", self._configuration())
        if not (self.folder / "local.conf").exists():
            self._write("local.conf", "")
        self._write("pg_hba.conf", HOST_BASED_AUTHENTICATION)

    def create_database(self, passwords: Mapping[str, str] | None = None) -> bool:
        """The two roles and the database, where missing; whether the database is new.

        `passwords` by role are for TCP; the socket asks for none.
        """
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as session:
            for role in (OWNER, APPLICATION):
                self._create_role(session, role, (passwords or {}).get(role))
            new = not session.execute(
                "SELECT FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchall()
            if new:
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                session.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
            # here and not in the product's database: it shows the statements of all databases
            session.execute("SET client_min_messages = warning")
            session.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        return new

    def _create_role(self, session: psycopg.Connection, role: str, password: str | None) -> None:
        found = session.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchall()
        verb = sql.SQL("ALTER" if found else "CREATE")
        statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
        session.execute(statement.format(verb, sql.Identifier(role), sql.Literal(password)))

    def _binary(self, name: str) -> Path:
        return postgresql_program(name, self.account, self.home)

    def _make_cluster(self) -> None:
        if (self.folder / "PG_VERSION").exists():
            self._check_version()
            return
        unfinished = self.folder.with_name("postgresql.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.account.own(unfinished)
        self._initdb(unfinished)
        unfinished.rename(self.folder)

    def _initdb(self, folder: Path) -> None:
        options = ["--username", SUPERUSER, "--encoding=UTF8", "--auth=trust", "--no-instructions"]
        # the same order of text on every machine, whatever its C library
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [] if self.durable else ["--no-sync"]
        done = subprocess.run(
            [str(self._binary("initdb")), "-D", str(folder), *options],
            cwd=self.home,
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=None if self.account.uid is None else [],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"initdb could not make a cluster in {folder}:\n{done.stderr}")

    def _check_version(self) -> None:
        written = (self.folder / "PG_VERSION").read_text().strip()
        asked = subprocess.run(
            [str(self._binary("postgres")), "--version"], capture_output=True, text=True, check=True
        )
        ours = asked.stdout.split()[-1].split(".")[0]
        if written != ours:
            raise WrongVersion(
                f"{self.folder} was made by PostgreSQL {written}, and this is PostgreSQL {ours}: "
                "see “Upgrading PostgreSQL” in docs/operations.md."
            )

    def _make_socket_folder(self) -> None:
        place = self.home / "socket"
        if len(bytes(place / ".s.PGSQL.65535")) <= LONGEST_SOCKET_PATH:
            place.mkdir(mode=0o700, exist_ok=True)
            self.account.own(place)
            return
        if not (place.is_symlink() and self._is_private(place.readlink())):
            place.unlink(missing_ok=True)
            short = Path(tempfile.mkdtemp(prefix="dropstitch-", dir="/tmp"))
            self.account.own(short)
            place.symlink_to(short)

    def _is_private(self, folder: Path) -> bool:
        if not folder.is_dir() or folder.is_symlink():
            return False
        found, owner = folder.stat(), self.folder.stat().st_uid
        return found.st_uid == owner and found.st_mode & 0o077 == 0

    def _clear_stale_lock(self) -> None:
        """Remove the lock file of a killed server whose pid now belongs to something else.

        PostgreSQL sees by itself that a pid is gone, but takes any process of its own account
        under that pid for a server. Its shared memory still guards against two at once.
        """
        lock = self.folder / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            ours = Path(psutil.Process(pid).cwd()) == self.folder.resolve()
        except (OSError, ValueError, psutil.NoSuchProcess):
            ours = False
        except psutil.AccessDenied:
            ours = True
        if not ours:
            lock.unlink(missing_ok=True)

    def _configuration(self) -> str:
        settings = SETTINGS | ({} if self.durable else NOT_DURABLE)
        settings |= {} if self.tcp else {"listen_addresses": ""}
        folder = str(self.socket_folder).replace('"', '""')
        settings |= {"port": str(self.port), "unix_socket_directories": f'"{folder}"'}
        quoted = {name: value.replace("'", "''") for name, value in settings.items()}
        lines = [f"{name} = '{value}'" for name, value in quoted.items()]
        heading = "# Written at every start. Your own settings go into local.conf."
        return "\n".join([heading, *lines, "include = 'local.conf'", ""])

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        self.account.own(path)
