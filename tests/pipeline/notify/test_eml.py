"""Mails as files: whole, once, and named by their Message-ID."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from pipeline.db.outbox import Letter
from pipeline.errors import MailError
from pipeline.notify.content import Plain
from pipeline.notify.eml import EmlFolder
from pipeline.notify.render import Sender
from pipeline.notify.transport import ServerDownError

NOW = datetime(2025, 3, 18, 12, 0, tzinfo=UTC)
LETTER = Letter(1, 1, 1, "news", {}, NOW, "reader@example.org", "mail", "abc@example.org", None, 0, 0, "one")


def test_a_mail_is_one_file_named_by_its_message_id(tmp_path: Path) -> None:
    folder = EmlFolder(tmp_path / "mail")
    folder.send(LETTER, Plain("s", ("p",)), Sender())
    (path,) = (tmp_path / "mail").iterdir()
    assert path.name == "abc@example.org.eml"
    assert message_from_bytes(path.read_bytes(), policy=policy.default)["Message-ID"] == "<abc@example.org>"


def test_sending_it_again_changes_nothing(tmp_path: Path) -> None:
    folder = EmlFolder(tmp_path)
    folder.send(LETTER, Plain("s", ("p",)), Sender())
    before = folder.path(LETTER.message_id).stat()
    folder.send(LETTER, Plain("s", ("p",)), Sender())
    assert folder.path(LETTER.message_id).stat().st_mtime_ns == before.st_mtime_ns
    assert len(list(tmp_path.iterdir())) == 1


def test_a_message_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    assert EmlFolder(tmp_path).path("../../etc/passwd\n").parent == tmp_path


def test_a_folder_that_cannot_be_made_is_a_server_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerDownError, match="CEASEFIRE_MAIL_FOLDER"):
        EmlFolder(tmp_path / "file" / "mail").send(LETTER, Plain("s", ("p",)), Sender())


def test_an_address_that_cannot_be_one_is_set_aside(tmp_path: Path) -> None:
    bad = Letter(1, 1, 1, "news", {}, NOW, "nobody", "mail", "abc@example.org", None, 0, 0, "one")
    with pytest.raises(MailError) as caught:
        EmlFolder(tmp_path).send(bad, Plain("s", ("p",)), Sender())
    assert caught.value.permanent
    assert list(tmp_path.iterdir()) == []
