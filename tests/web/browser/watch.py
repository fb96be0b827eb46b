"""A browser window that keeps what went wrong in it: dialogs, errors of scripts, what the console complained of."""

from typing import Any

REFUSED_PAGE = "Failed to load resource: the server responded with a status of 4"
"""What Chromium says to the page of an error, which is a page like others."""


class Watched:
    """A window. `page` is Playwright's."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.page = context.new_page()
        self.trouble: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.trouble.append(f"script: {error}"))
        self.page.on("dialog", self._dialog)

    def go(self, path: str, status: int = 200) -> Any:
        """Open a page that answers with `status`, and return Playwright's page."""
        answer = self.page.goto(path)
        assert answer.status == status, f"{path}: {answer.status}"
        return self.page

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED_PAGE):
            self.trouble.append(f"{self.page.url}: {message.text}")

    def _dialog(self, dialog: Any) -> None:
        self.trouble.append(f"{self.page.url}: dialog {dialog.message!r}")
        dialog.dismiss()
