from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from eventlog.anchors import AnchorFile, anchored
from eventlog.checkpoints import BadNote, Checkpoint, Signer, Verifier, parse, signed_by

ROOT = hashlib.sha256(b"root").digest()
ANN = Signer("log.example/one", bytes(range(32)))
EVE = Signer("log.example/one", bytes(range(1, 33)))

# The example of Go's golang.org/x/mod/sumdb/note, on which c2sp.org/signed-note is founded.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_a_note_has_the_form_of_the_specification() -> None:
    note = ANN.sign(42, ROOT)
    text, signature = note.split("\n\n")
    assert text == f"log.example/one\n42\n{base64.b64encode(ROOT).decode()}"
    assert signature.startswith("— log.example/one ")
    assert signature.endswith("\n")
    assert signed_by(note, [ANN.verifier]) == Checkpoint("log.example/one", 42, ROOT)


def test_the_same_tree_has_the_same_note() -> None:
    assert ANN.sign(42, ROOT) == ANN.sign(42, ROOT)


def test_key_ids_and_signatures_are_those_of_other_tools() -> None:
    verifier = Verifier.parse(GO_KEY)
    signature = base64.b64decode(GO_SIGNATURE)
    assert str(verifier) == GO_KEY
    assert signature[:4] == verifier.key_id
    assert verifier._verifies(signature[4:], GO_TEXT)
    assert not verifier._verifies(signature[4:], GO_TEXT.replace("answer", "question"))


@pytest.mark.parametrize(
    ("old", "new"), [("\n42\n", "\n43\n"), ("log.example/one\n42", "log.example/two\n42")]
)
def test_a_changed_note_is_signed_by_nobody(old: str, new: str) -> None:
    with pytest.raises(BadNote, match="no known key"):
        signed_by(ANN.sign(42, ROOT).replace(old, new), [ANN.verifier])


def test_a_note_of_another_key_is_not_accepted() -> None:
    with pytest.raises(BadNote, match=EVE.verifier.key_id.hex()):
        signed_by(EVE.sign(42, ROOT), [ANN.verifier])
    assert signed_by(EVE.sign(42, ROOT), [ANN.verifier, EVE.verifier]).size == 42


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n1\n",
        "log\n1\n\n— log AAAA\n",
        "log\n01\nAAAA\n\n— log AAAA\n",
        "log\none\nAAAA\n\n— log AAAA\n",
        "log\n1\n!\n\n— log AAAA\n",
        "log\n1\nAAAA\n\n— log AAAA\n",
        f"log\n1\n{base64.b64encode(ROOT).decode()}\n\n- log AAAA\n",
        f"log\n1\n{base64.b64encode(ROOT).decode()}\n\n— log AAAA",
    ],
)
def test_what_is_not_a_note_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse(text)


@pytest.mark.parametrize("text", ["", "name", GO_KEY.replace("c74f", "c74e"), GO_KEY[:-8]])
def test_what_is_not_a_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Verifier.parse(text)


def test_an_origin_may_not_break_the_signature_line() -> None:
    with pytest.raises(ValueError, match="LOG_ORIGIN"):
        Signer("two words", bytes(32))


class Clock:
    """A clock that stands until it is moved."""

    time = 100.0

    def __call__(self) -> float:
        return self.time


def test_anchors_are_written_with_pauses_and_the_last_one_always(tmp_path: Path) -> None:
    path, clock = tmp_path / "far" / "anchors.jsonl", Clock()
    anchor = AnchorFile(path, pause=3.0, clock=clock)
    for size in (1, 2, 3):
        anchor.offer(ANN.sign(size, ROOT))
    assert sizes(path) == [1]
    clock.time += 3
    anchor.tick()
    anchor.tick()
    assert sizes(path) == [1, 3]
    anchor.offer(ANN.sign(4, ROOT))
    anchor.flush()
    anchor.flush()
    assert sizes(path) == [1, 3, 4]


def test_a_torn_line_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    AnchorFile(path).offer(ANN.sign(1, ROOT))
    path.write_bytes(path.read_bytes()[:-9])
    AnchorFile(path).offer(ANN.sign(2, ROOT))
    assert [(line, note is None) for line, note in anchored(path)] == [(1, True), (2, False)]
    assert sizes(path) == [2]


def test_a_file_that_can_not_be_written_keeps_the_checkpoint_waiting(tmp_path: Path) -> None:
    path, clock = tmp_path / "anchors.jsonl", Clock()
    path.mkdir()
    anchor = AnchorFile(path, pause=3.0, clock=clock)
    with pytest.raises(OSError, match="directory"):
        anchor.offer(ANN.sign(1, ROOT))
    path.rmdir()
    anchor.tick()
    assert not path.exists()
    clock.time += 3
    anchor.tick()
    assert sizes(path) == [1]


def sizes(path: Path) -> list[int]:
    notes = [note for _, note in anchored(path) if note is not None]
    return [signed_by(note, [ANN.verifier]).size for note in notes]
