"""Is this alert well formed, and can it do what its owner expects? Pure."""

from collections.abc import Collection, Sequence
from typing import get_args

from pipeline.alerts.cadence import clock_time
from pipeline.alerts.scope import asks_for_developments
from pipeline.errors import SettingsError
from pipeline.notify import clean
from pipeline.notify.render import parse_address
from pipeline.notify.words import LANGUAGE_WORDS, joined
from pipeline.periods import zone_of
from pipeline.query import nodes
from pipeline.types import Alert, Cadence

NAME_LIMIT = 80
RECIPIENTS_LIMIT = 100
READ_LANGUAGES = frozenset({"en"})
"""Languages whose developments the tagger reads (BCP 47); others carry what aliases and phrases find."""
BY_ALIAS = ("issue:ceasefire-terms", "issue:peace-talks")
"""Labels that aliases find in every language, offered in the place of developments."""


def check(alert: Alert) -> None:
    """Raises SettingsError that says what is wrong with an alert, and what would be right."""
    if not alert.name.strip() or alert.name != clean.line(alert.name, NAME_LIMIT):
        raise SettingsError(
            f"{alert.name!r} is no name for an alert: one line of 1 to {NAME_LIMIT} plain letters"
        )
    if alert.cadence not in get_args(Cadence):
        raise SettingsError(f"cadence {alert.cadence!r} is not one of {', '.join(get_args(Cadence))}")
    zone_of(alert.zone)
    clock_time(alert.daily_at)
    if alert.quiet is not None and clock_time(alert.quiet[0]) == clock_time(alert.quiet[1]):
        raise SettingsError("quiet hours begin and end at the same time; leave them out, or pause the alert")
    if alert.daily_cap is not None and alert.daily_cap < 1:
        raise SettingsError("a daily cap is 1 or more; to get no mails, pause the alert")
    if not 0.0 <= alert.min_score <= 1.0:
        raise SettingsError(f"minimum score {alert.min_score:g} is not between 0 and 1")
    if alert.expires is not None and alert.expires <= alert.since:
        raise SettingsError(f"it would expire before it begins ({alert.expires:%d %b %Y %H:%M} UTC)")
    if not alert.recipients and not alert.starter:
        raise SettingsError("an alert needs at least one recipient: a mail address or an https:// webhook")
    if len(alert.recipients) > RECIPIENTS_LIMIT:
        raise SettingsError(f"more than {RECIPIENTS_LIMIT} recipients; give a mailing list's address instead")
    for recipient in alert.recipients:
        check_recipient(recipient)


def check_recipient(recipient: str) -> None:
    """Raises SettingsError unless this is a mail address or a webhook (https://, slack+https://, mattermost+https://).

    http:// is let through here and refused on sending unless private addresses are allowed.
    """
    if "://" not in recipient:
        parse_address(recipient)
        return
    url = recipient.removeprefix("slack+").removeprefix("mattermost+")
    if not clean.link(url):
        raise SettingsError(
            f"{recipient!r} is no webhook; write https://…, slack+https://… or mattermost+https://… for chat rooms"
        )


def language_warnings(
    query: nodes.Query, read: Collection[str] = READ_LANGUAGES, *, by_alias: Sequence[str] = BY_ALIAS
) -> list[str]:
    """What a query will miss because of the language of texts, with a query that finds it.

    `read`: languages whose developments are read. `by_alias`: label ids that are found in other languages too.
    """
    if not asks_for_developments(query.root):
        return []
    named = joined([LANGUAGE_WORDS.get(language, language) for language in sorted(read)])
    where = f"in {named} texts only" if named else "in no text"
    offer = " OR ".join(by_alias[:3])
    return [
        f"every hit of this query needs a development or a position, and those are read {where}: in other "
        "languages some set phrases give a development, nothing gives a position, and most texts will not match."
        + (f" To hear of them too, add: OR (NOT language:en AND ({offer}))" if offer else "")
    ]
