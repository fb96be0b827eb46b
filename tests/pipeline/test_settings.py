"""Settings: one place, read once; a wrong one is named with where it stands and what would be right."""

from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import load_settings
from tests.conftest import ROOT


def config(folder: Path, text: str) -> Path:
    path = folder / "ceasefire.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = config(tmp_path, 'feeds = "file.toml"\nmail_from = "file@example.org"\nhorizon_h = 12\n')
    environment = {"CEASEFIRE_FEEDS": "env.toml", "CEASEFIRE_MAIL_FROM": "env@example.org", "HOME": "/"}
    settings = load_settings(file, environment, feeds="option.toml", index_url=None)
    assert settings.feeds == "option.toml"
    assert settings.mail_from == "env@example.org"
    assert settings.horizon_h == 12.0


def test_an_unknown_key_is_an_error_that_names_the_file_and_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"unknown setting 'feedz' in .*ceasefire\.toml.*feeds"):
        load_settings(config(tmp_path, 'feedz = "x"'), {})
    with pytest.raises(SettingsError, match=r"unknown setting 'CEASEFIRE_FEEDZ' in the environment"):
        load_settings(None, {"CEASEFIRE_FEEDZ": "x"})


@pytest.mark.parametrize(
    ("text", "environment", "meant"),
    [
        ('mail_form = "a@b"', {}, "did you mean mail_from"),
        ("[fetch]\ndomain_gap = 3", {}, "did you mean fetch.domain_gap_s"),
        ("domain_gap_s = 3", {}, "did you mean fetch.domain_gap_s"),
        ("", {"CEASEFIRE_OPERATOR_EMAIL": "a@b"}, "did you mean CEASEFIRE_OPERATOR_MAIL"),
        ("colour = 3", {}, "known are: allow_private_addresses, "),
        ("", {"CEASEFIRE_QQQ": "3"}, "known are: CEASEFIRE_ALLOW_PRIVATE_ADDRESSES, "),
    ],
)
def test_a_misspelt_setting_is_answered_with_the_name_that_was_meant(
    tmp_path: Path, text: str, environment: dict[str, str], meant: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(config(tmp_path, text), environment)
    assert meant in str(refused.value)


def test_who_exports_the_whole_of_env_for_compose_is_not_refused() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = (line.partition("=") for line in example.splitlines() if "=" in line and not line.startswith("#"))
    exported = {name: value or "secret" for name, _, value in lines}
    assert {name for name in exported if name.startswith("CEASEFIRE_")} >= {"CEASEFIRE_DB_PASSWORD"}
    assert load_settings(None, exported).mail_from == "monitor@example.org"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("horizon_h = 0", "more than 0"),
        ('horizon_h = "soon"', "not a float"),
        ('tagger = "magic"', "not one of onnx"),
        ("allow_private_addresses = 7", "not a bool"),
        ('fetch = "fast"', r"\[fetch\]"),
        ("[fetch]\nspeed = 3", r"unknown setting 'fetch\.speed'"),
        ("[fetch]\nconcurrency = 0", r"fetch\.concurrency"),
        ("[fetch.start_interval_s]\nblog = 3", r"fetch\.start_interval_s"),
        ("feeds = ", "not valid TOML"),
    ],
)
def test_a_wrong_value_says_what_would_be_right(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(config(tmp_path, text), {})


def test_fetch_numbers_change_one_by_one(tmp_path: Path) -> None:
    text = "[fetch]\ndomain_gap_s = 2\n[fetch.start_interval_s]\nwire = 300\n"
    settings = load_settings(config(tmp_path, text), {"CEASEFIRE_OPERATOR_MAIL": "ops@example.org"})
    fetch = settings.fetch_settings()
    assert fetch.domain_gap_s == 2.0
    assert (fetch.start_interval_s["wire"], fetch.start_interval_s["news"]) == (300.0, 1800.0)
    assert fetch.contact == "ops@example.org"


def test_a_missing_settings_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the settings file"):
        load_settings(tmp_path / "none.toml", {})


def test_secrets_never_show_in_a_repr() -> None:
    settings = load_settings(
        None, {"CEASEFIRE_SMTP_URL": "smtp://me:hunter2@host", "CEASEFIRE_SECRET_KEY": "s3cret"}
    )
    assert "hunter2" not in repr(settings)
    assert "s3cret" not in repr(settings)


def test_mails_go_beside_the_database_unless_told_otherwise() -> None:
    settings = load_settings(None, {"CEASEFIRE_DATABASE_URL": "sqlite:////srv/news/ceasefire.db"})
    assert settings.resolved_mail_folder() == Path("/srv/news/mail")
    settings = load_settings(None, {"CEASEFIRE_MAIL_FOLDER": "/srv/out"})
    assert settings.resolved_mail_folder() == Path("/srv/out")
