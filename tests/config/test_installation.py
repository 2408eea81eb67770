"""Secrets are made once and stay private; one data folder has one `up`."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import ROOT
from config.installation import SECRETS, AlreadyRunning, Installation

HOLDER = """
import time
from config.installation import Installation
held = Installation.here()
held.lock()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("DROPSTITCH_DATA", str(tmp_path / "data"))
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    found = Installation.here()
    yield found
    found.release()


def test_secrets_are_made_once_and_only_their_owner_reads_them(installation: Installation) -> None:
    environment = installation.environment()
    paths = [Path(environment[f"{name}_FILE"]) for name in SECRETS]
    texts = [path.read_text() for path in paths]
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600] * len(paths)
    assert len(set(texts)) == len(texts)
    assert Installation.here().environment() == environment
    assert [path.read_text() for path in paths] == texts
    assert installation.secrets.stat().st_mode & 0o077 == 0


def test_secrets_are_what_the_settings_ask_for(installation: Installation) -> None:
    environment = installation.environment()
    read = {name: Path(environment[f"{name}_FILE"]).read_text().strip() for name in SECRETS}
    assert len(read["SECRET_KEY"]) >= 50
    assert len(base64.b64decode(read["LOG_SIGNING_KEY"])) == 32
    assert len(base64.b64decode(read["LOG_MASTER_KEY"])) == 32


def test_no_secret_itself_is_in_the_environment(installation: Installation) -> None:
    environment = installation.environment()
    kept = [path.read_text().strip() for path in installation.secrets.iterdir()]
    assert not set(kept) & set(environment.values())


@pytest.mark.parametrize("given", ["SECRET_KEY", "SECRET_KEY_FILE"])
def test_what_the_environment_gives_stays(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(given, "theirs")
    assert not {"SECRET_KEY", "SECRET_KEY_FILE"} & set(installation.environment())


def test_a_second_up_on_the_same_data_is_refused_with_the_address(
    installation: Installation,
) -> None:
    installation.lock()
    installation.publish({"PUBLIC_URL": "http://127.0.0.1:8123"})
    with pytest.raises(AlreadyRunning, match=r"at work on the data in .*http://127\.0\.0\.1:8123"):
        Installation.here().lock()


def test_the_lock_of_a_killed_up_is_free(installation: Installation) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], cwd=ROOT, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == b"held\n"
    with pytest.raises(AlreadyRunning):
        installation.lock()
    holder.kill()
    holder.wait()
    installation.publish({"PUBLIC_URL": "of the killed one"})
    installation.lock()
    assert installation.published() == {}


def test_addresses_are_gone_once_withdrawn(installation: Installation) -> None:
    installation.publish({"PUBLIC_URL": "http://127.0.0.1:8123"})
    assert installation.published() == {"PUBLIC_URL": "http://127.0.0.1:8123"}
    assert (installation.run / "environment").stat().st_mode & 0o777 == 0o600
    installation.withdraw()
    assert installation.published() == {}
