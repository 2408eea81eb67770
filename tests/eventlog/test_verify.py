"""Whoever owns the database can change it; the log then no longer verifies, and says where."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from config.environment import ROOT
from eventlog import checks, store
from eventlog.anchors import AnchorFile
from eventlog.bulk import Told, load_history
from eventlog.checkpoints import own_signer
from eventlog.core import Context, leaf
from eventlog.direct import connect
from eventlog.offline import verify_export
from eventlog.sealer import Sealer
from tests.eventlog.lamps import NOON, Lamp, LampLabelled, LampLit, LampPutOut, Toggle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.tampers]

Owner = psycopg.Connection[Any]
SCRIPT = ROOT / "eventlog" / "offline" / "verify_export.py"
KEY = str(own_signer().verifier)


def history(count: int) -> Iterator[Told]:
    """Lamps in a room, a label, and nothing that changes from run to run but the ids."""
    for number in range(count):
        lamp, at = f"lamp:{number % 7}", NOON + timedelta(seconds=number)
        event = LampLit(by="ann", room="room:1") if number % 14 < 7 else LampPutOut(by="bob")
        yield Told(lamp, event, at)


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    return tmp_path / "anchors.jsonl"


@pytest.fixture
def log(transactional_db: None, owner: Owner, anchor: Path) -> None:
    """Six hundred events in history, three by command, checkpoints at 600 and 603, anchored."""
    empty(owner)  # earlier tests that were rolled back have drawn numbers
    load_history(history(600))
    for _ in range(3):
        store.execute(Toggle(lamp="9", by="ann", at=NOON), Context.by("person:ann"))
    with connect("test") as own:
        sealer = Sealer(own, own_signer())
        sealer.round()
        AnchorFile(anchor).offer(sealer.checkpoint(force=True) or "")


def verified(anchor: Path | None = None) -> str:
    """What verify_log says, whether it is content or not."""
    output, arguments = StringIO(), ["--anchor", str(anchor)] if anchor else []
    try:
        call_command("verify_log", *arguments, stdout=output, no_color=True)
    except CommandError as error:
        return f"{output.getvalue()}FAILED {error}"
    return output.getvalue()


def offline(path: Path, *anchor: Path, key: str = KEY) -> tuple[int, str]:
    """Exit code and output of the offline verifier, run as a stranger would."""
    arguments = [str(path), "--key", key, *(["--anchor", str(anchor[0])] if anchor else [])]
    run = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *arguments], capture_output=True, text=True
    )
    return run.returncode, run.stdout + run.stderr


def exported(path: Path, *arguments: str) -> Path:
    call_command("export_log", str(path), *arguments, verbosity=0, stdout=StringIO())
    return path


def tamper(owner: Owner, *statements: str) -> None:
    """Changes the log as only its owner can: by lifting the guards."""
    guarded = ("event", "position", "tile", "checkpoint", "command", "ref")
    for table in guarded:
        owner.execute(f"ALTER TABLE eventlog_{table} DISABLE TRIGGER USER")
    for statement in statements:
        assert owner.execute(statement).rowcount != 0, statement
    for table in guarded:
        for trigger in ("no_change", "no_truncate"):
            owner.execute(
                f"ALTER TABLE eventlog_{table} ENABLE ALWAYS TRIGGER eventlog_{table}_{trigger}"
            )


def test_an_untouched_log_verifies(log: None, anchor: Path) -> None:
    said = verified(anchor)
    assert "verified: 603 events, 603 sealed, 2 checkpoints, 1 anchors" in said
    assert "no anchor file" in verified()


def test_an_empty_log_verifies(transactional_db: None) -> None:
    assert "verified: 0 events" in verified()


def test_a_loaded_history_is_like_one_that_was_lived(log: None) -> None:
    state, version = store.load("lamp:0", Lamp())
    assert (state.switches, version) == (86, 86)
    store.execute(Toggle(lamp="0", by="ann", at=NOON), Context.by("person:ann"))
    assert "FAILED" not in verified()


def test_leaves_made_by_the_database_are_those_of_the_vocabulary(log: None, owner: Owner) -> None:
    rows = owner.execute(
        "SELECT position, recorded_at, hash, leaf FROM eventlog_position"
        " JOIN eventlog_event USING (seq)"
    ).fetchall()
    assert len(rows) == 603
    assert all(leaf(*row) == stored for *row, stored in rows)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            'UPDATE eventlog_event SET payload = \'{"by":"eve","room":""}\''
            " WHERE stream = 'lamp:9' AND version = 1",
            r"(lamp:9 version 1, position 601): its text is not what was recorded",
        ),
        (
            "UPDATE eventlog_event SET actor = 'person:eve' WHERE stream = 'lamp:3' AND version = 2",
            "(lamp:3 version 2, position 11): its text is not what was recorded",
        ),
        (
            "UPDATE eventlog_event SET recorded_at = recorded_at - interval '1 s' WHERE seq = 20",
            "position 20): its leaf does not fit its time and hash",
        ),
        (
            "UPDATE eventlog_event SET hash = content WHERE stream = 'lamp:3' AND version = 2",
            "(lamp:3 version 2, position 11): it does not continue the chain of its stream",
        ),
        (
            "DELETE FROM eventlog_event WHERE stream = 'lamp:3' AND version = 2",
            "position 11 (seq 11): lamp.put_out of lamp:3 is gone",
        ),
        (
            "DELETE FROM eventlog_position WHERE position = 11",
            "(lamp:3 version 2, unsealed) was inserted behind the sealer",
        ),
        ("UPDATE eventlog_position SET type = 'x' WHERE position = 11", "calls it x"),
        ("UPDATE eventlog_tile SET hash = sha256(hash) WHERE index = 1", "257 to 512) is wrong"),
        ("DELETE FROM eventlog_tile WHERE index = 0", "tile 1/0 (positions 1 to 256) is missing"),
        ("INSERT INTO eventlog_tile VALUES (1, 9, sha256('x'))", "tile 1/9 lies beyond the log"),
        (
            "UPDATE eventlog_checkpoint SET root = sha256(root) WHERE size = 600",
            "checkpoint at 600: its row says other than its signed note",
        ),
        (
            "UPDATE eventlog_checkpoint SET note = replace(note, '600', '599') WHERE size = 600",
            "checkpoint at 600: no known key has signed it",
        ),
        (
            "UPDATE eventlog_stream SET version = 4 WHERE stream = 'lamp:9'",
            "lamp:9 should have 4 events and has 3",
        ),
        (
            "UPDATE eventlog_stream SET head_hash = sha256('x') WHERE stream = 'lamp:9'",
            "lamp:9 should end with another event than version 3",
        ),
        ("DELETE FROM eventlog_stream WHERE stream = 'lamp:9'", "lamp:9 has events and no row"),
        (
            "UPDATE eventlog_head SET position = 604",
            "the head says 604, the newest position is 603",
        ),
        ("DELETE FROM eventlog_ref WHERE ref = 'room:1' AND position = 1", "under all of its refs"),
        (
            "UPDATE eventlog_command SET streams = ARRAY['lamp:8'] WHERE last_versions = '{2}'",
            "led to lamp:8 version 2, which is not there",
        ),
    ],
)
def test_a_change_behind_its_back_is_found_and_named(
    log: None, owner: Owner, statement: str, named: str
) -> None:
    tamper(owner, statement)
    said = verified()
    assert named in said
    assert "FAILED" in said


def test_the_offline_verifier_finds_a_changed_event_too(
    log: None, owner: Owner, tmp_path: Path
) -> None:
    change = (
        "UPDATE eventlog_event SET actor = 'person:eve' WHERE stream = 'lamp:3' AND version = 2"
    )
    tamper(owner, change)
    code, said = offline(exported(tmp_path / "log.jsonl"))
    assert code == 1
    assert "at position 11: it has been changed" in said


REWRITE = """
UPDATE eventlog_event e SET actor = 'person:eve', content = sha256('eve'),
    hash = sha256(b.hash || int4send(e.version) || sha256('eve'))
FROM eventlog_event b WHERE e.seq = 603 AND b.stream = e.stream AND b.version = e.version - 1
"""


def test_a_rewriting_that_mends_its_chain_fails_at_the_signed_root(log: None, owner: Owner) -> None:
    tamper(
        owner,
        REWRITE,
        "UPDATE eventlog_stream SET head_hash = (SELECT hash FROM eventlog_event WHERE seq = 603)"
        " WHERE stream = 'lamp:9'",
        "UPDATE eventlog_position p SET leaf = sha256('\\x00'::bytea || int8send(p.position)"
        " || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint) || hash)"
        " FROM eventlog_event e WHERE e.seq = p.seq AND p.position = 603",
    )
    said = verified()
    assert "checkpoint at 603: its root is not that of the log; see positions 601 to 603" in said


REMOVAL = (
    "DELETE FROM eventlog_event WHERE seq > 600",
    "DELETE FROM eventlog_position WHERE position > 600",
    "DELETE FROM eventlog_ref WHERE position > 600",
    "DELETE FROM eventlog_checkpoint WHERE size > 600",
    "DELETE FROM eventlog_command",
    "DELETE FROM eventlog_stream WHERE stream = 'lamp:9'",
    "UPDATE eventlog_head SET position = 600, seq = 600",
)


def test_removal_of_the_newest_is_seen_against_an_anchor_and_not_without(
    log: None, owner: Owner, anchor: Path, tmp_path: Path
) -> None:
    tamper(owner, *REMOVAL)
    export = exported(tmp_path / "log.jsonl")
    assert "verified: 600 events" in verified()
    assert offline(export)[0] == 0
    said = verified(anchor)
    assert "anchor file line 1: 603 events were signed, the log has 600" in said
    code, said = offline(export, anchor)
    assert (code, "603 events were signed, the export knows of 600" in said) == (1, True)


def test_an_anchor_file_that_vanished_is_a_finding(log: None, tmp_path: Path) -> None:
    assert "nowhere does not exist" in verified(tmp_path / "nowhere")


def test_a_whole_export_verifies_offline_with_its_anchors(
    log: None, anchor: Path, tmp_path: Path
) -> None:
    code, said = offline(exported(tmp_path / "log.jsonl.gz"), anchor)
    assert (code, said.count("\n")) == (0, 1), said
    assert "the whole log, 603 events, 3 checkpoints and anchors" in said


@pytest.mark.parametrize("scope", [("--about", "room:1"), ("--first", "255", "--last", "270")])
def test_a_part_of_the_log_is_proved_event_by_event(
    log: None, tmp_path: Path, scope: tuple[str, ...]
) -> None:
    path = exported(tmp_path / "part.jsonl", *scope)
    code, said = offline(path)
    assert (code, "a part of the log" in said) == (0, True), said
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[3]["proof"][2] = "00" * 32
    code, said = offline(written(tmp_path / "bad.jsonl", lines))
    assert (code, "its proof does not lead to the signed root" in said) == (1, True)


def written(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


Lines = list[dict[str, Any]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines.pop(300), "it should be at"),
        (lambda lines: lines.pop(), "cut off"),
        (lambda lines: lines.pop(601), "the last line counts more"),
        (lambda lines: lines[5].update(recorded_at="2020-01-01T00:00:00+00:00"), "its root is not"),
        (lambda lines: lines[5].update(payload='{"by":"eve","room":""}'), "it has been changed"),
        (lambda lines: lines.insert(7, lines[6]), "it should be at"),
        (lambda lines: lines[0].update(checkpoint=lines[601]["note"]), "for 600 other events"),
        (lambda lines: lines[601].update(note=lines[-2]["note"]), "it stands after event 600"),
    ],
)
def test_an_edited_export_does_not_verify(
    log: None, tmp_path: Path, change: Callable[[Lines], Any], said: str
) -> None:
    path = exported(tmp_path / "log.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    found = offline(written(path, lines))
    assert found[0] == 1
    assert said in found[1]


def test_an_emptied_export_does_not_verify(log: None, tmp_path: Path) -> None:
    lines = [
        json.loads(line) for line in exported(tmp_path / "log.jsonl").read_bytes().splitlines()
    ]
    lines = [lines[0], lines[-1] | {"events": 0, "checkpoints": 0}]
    assert offline(written(tmp_path / "none.jsonl", lines))[0] == 1


def test_a_key_of_somebody_else_verifies_nothing(log: None, tmp_path: Path) -> None:
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert offline(exported(tmp_path / "log.jsonl"), key=other)[0] == 1
    assert offline(tmp_path / "log.jsonl", key="nonsense")[0] == 2


def test_an_export_comes_back_as_it_was(log: None, owner: Owner, tmp_path: Path) -> None:
    before = exported(tmp_path / "before.jsonl.gz")
    empty(owner)
    call_command("import_log", str(before), verbosity=0, stdout=StringIO())
    after = exported(tmp_path / "after.jsonl")
    assert after.read_bytes() == gzip.decompress(before.read_bytes())
    assert "verified: 603 events, 603 sealed, 2 checkpoints" in verified()
    store.execute(Toggle(lamp="9", by="ann", at=NOON), Context.by("person:ann"))
    assert "verified: 604 events" in verified()


def test_an_edited_export_is_not_imported_at_all(log: None, owner: Owner, tmp_path: Path) -> None:
    path = exported(tmp_path / "log.jsonl")
    path.write_text(path.read_text().replace('"actor":"person:ann"', '"actor":"person:eve"', 1))
    with pytest.raises(CommandError, match="not empty"):
        call_command("import_log", str(path))
    empty(owner)
    with pytest.raises(CommandError, match="position 601 is not what was recorded"):
        call_command("import_log", str(path))
    assert "verified: 0 events" in verified()


def empty(owner: Owner) -> None:
    tables = ["event", "stream", "command", "position", "tile", "checkpoint", "ref"]
    names = ", ".join(f"eventlog_{table}" for table in tables)
    tamper(
        owner,
        f"TRUNCATE {names} RESTART IDENTITY",
        "UPDATE eventlog_head SET position = 0, seq = 0",
    )
    store.forget()


def test_personal_data_leave_only_as_ciphertext(transactional_db: None, tmp_path: Path) -> None:
    load_history([Told("lamp:1", LampLabelled(person="ann", name="Ann Example"), NOON)])
    text = exported(tmp_path / "log.jsonl").read_text()
    assert "Ann Example" not in text
    assert "person:ann" in text
    assert offline(tmp_path / "log.jsonl")[0] == 0


def test_the_application_has_no_right_too_many_and_every_guard_stands(log: None) -> None:
    assert problems() == []


def test_a_right_too_many_is_found(log: None, owner: Owner) -> None:
    role = settings.ENV.database_app_role
    owner.execute(f"GRANT UPDATE (actor) ON eventlog_event TO {role}")
    try:
        assert problems() == [f"{role} has the right to UPDATE eventlog_event"]
        assert f"{role} has the right to UPDATE eventlog_event" in verified()
    finally:
        owner.execute(f"REVOKE UPDATE (actor) ON eventlog_event FROM {role}")


def test_a_guard_that_is_lifted_is_found(log: None, owner: Owner) -> None:
    owner.execute("ALTER TABLE eventlog_event ENABLE TRIGGER eventlog_event_no_truncate")
    try:
        expected = "no trigger that is always enabled refuses TRUNCATE on eventlog_event"
        assert problems() == [expected]
    finally:
        owner.execute("ALTER TABLE eventlog_event ENABLE ALWAYS TRIGGER eventlog_event_no_truncate")


def problems() -> list[str]:
    """What the deployment checks find, each once."""
    found = checks.application_role_cannot_rewrite(databases=["default"])
    found += checks.triggers_stand(databases=["default"])
    found += checks.connects_without_power(databases=["default"])
    return sorted({problem.msg for problem in found})


# RFC 8032, section 7.1, tests 1 to 3
@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
            "701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
            "13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
            "60984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_the_offline_verifier_knows_ed25519(public: str, message: str, signature: str) -> None:
    key, text, sig = (bytes.fromhex(value) for value in (public, message, signature))
    assert verify_export.signature_holds(key, text, sig)
    assert not verify_export.signature_holds(key, text + b"!", sig)
    assert not verify_export.signature_holds(key, text, sig[:32] + bytes(32))
    assert not verify_export.signature_holds(key, text, bytes([sig[0] ^ 1]) + sig[1:])
    order = verify_export.ORDER.to_bytes(32, "little")
    malleable = int.from_bytes(sig[32:], "little") + int.from_bytes(order, "little")
    assert not verify_export.signature_holds(key, text, sig[:32] + malleable.to_bytes(32, "little"))


def test_the_printed_key_is_what_the_offline_verifier_takes() -> None:
    key = verify_export.Key(KEY)
    assert base64.b64decode(KEY.split("+", 2)[2])[1:] == key.public == own_signer().verifier.public
