"""What tests of the operator's steps share: an opened application on either database, without a model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.app import App
from pipeline.db.engine import Database
from pipeline.settings import Settings

FEEDS = """
[[feed]]
name = "harbour"
url = "https://harbour.example/rss"
outlet = "Harbour Post"
owner = "Harbour Media"
country = "GB"
side = "third-party"
language = "en"
kind = "wire"
"""


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Settings over an empty database of each kind in turn, with one feed and the tagger of aliases."""
    (tmp_path / "feeds.toml").write_text(FEEDS, encoding="utf-8")
    return Settings(
        database_url=database.url.render_as_string(hide_password=False),
        index_url=f"sqlite:///{tmp_path / 'index.db'}",
        feeds=str(tmp_path / "feeds.toml"),
        mail_folder=str(tmp_path / "mail"),
        tagger="aliases",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    opened = App(settings)
    yield opened
    opened.close()
