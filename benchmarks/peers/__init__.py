"""Other products that the same work is measured with, each in an environment of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.environment import ROOT

HOME = ROOT / "var" / "peers"
FOLDER = Path(__file__).parent


def python(name: str, requirements: Sequence[str]) -> Path:
    """The interpreter of a peer's environment, made when its requirements change."""
    wanted = hashlib.sha256("\n".join(requirements).encode()).hexdigest()
    place = HOME / name
    interpreter, mark = place / "bin" / "python", place / "requirements.sha256"
    if not mark.exists() or mark.read_text() != wanted:
        print(f"  installing the peer {name}: {', '.join(requirements)}", flush=True)
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        install = [str(interpreter), "-m", "pip", "install", "--quiet", *requirements]
        subprocess.run(install, check=True)
        mark.write_text(wanted)
    return interpreter


def run(interpreter: Path, script: str, *arguments: object) -> Any:
    """What a script of this folder prints as JSON. Raises `CalledProcessError`."""
    command = [str(interpreter), str(FOLDER / script), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=sys.stderr, check=True)
    return json.loads(done.stdout)
