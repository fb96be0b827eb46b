"""Mails as .eml files in a folder, for whoever has no SMTP server set: any mail program opens them."""

import os
import re
import tempfile
from pathlib import Path

from pipeline.db.outbox import Letter
from pipeline.notify.content import Message
from pipeline.notify.render import Sender
from pipeline.notify.transport import ServerDownError, written


class EmlFolder:
    """Writes each mail once: named by its Message-ID, under a temporary name first, then renamed."""

    harmless = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, message_id: str) -> Path:
        """Where the mail of this Message-ID stands."""
        return self.folder / f"{re.sub(r'[^A-Za-z0-9@._-]', '_', message_id)}.eml"

    def send(self, letter: Letter, message: Message, sender: Sender) -> None:
        """Write the mail, durable when this returns. Raises ServerDownError where the folder cannot be written."""
        path = self.path(letter.message_id)
        content = written(letter, message, sender)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write(path, content)
        except OSError as error:
            raise ServerDownError(
                f"cannot write mails into {self.folder}: {error.strerror}; make the folder writable, or set CEASEFIRE_MAIL_FOLDER"
            ) from error

    def close(self) -> None:
        """Nothing is held open."""


def _write(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
