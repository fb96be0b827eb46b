"""The form of an article by rules over title, address, feed, categories and text, each with its reason. Pure.

Order matters: a live blog of an opinion section is a live blog. Rules aim at precision, because only reports and
transcripts fire instant alerts: a wrong "explainer" costs an alert, a missed one costs a reader a minute.
"""

import re
from collections.abc import Iterable
from typing import Final

from pipeline.types import Feed, Form


def _compiled(rules: Iterable[tuple[Form, str]]) -> tuple[tuple[Form, re.Pattern[str]], ...]:
    return tuple((form, re.compile(pattern, re.IGNORECASE)) for form, pattern in rules)


_TITLE_RULES: Final = _compiled(
    (
        (
            "live-blog",
            r"^live\s*(?:updates?|blog)?\s*[:|–—-]|\blive[\s-](?:updates?|blog|ticker|coverage|feed)\b"
            r"|\b(?:war|conflict|invasion|talks|summit|news)\s+live\b(?!\s+(?:updates?|blog|ticker|coverage|feed))|\blive\s*[:|–—]\s|[|–—:]\s*live\s*$|\bas\s+it\s+happened\b"
            r"|\bas\s+they\s+happened\b|\bminute[\s-]by[\s-]minute\b|\bliveticker\b|\blive-?blog\b|\ben\s+direct\b|\bna\s+żywo\b"
            r"|^онлайн\s*[:.–—-]|\b(?:онлайн|текстова)[\s-]трансляц|\bхроніка\s+подій\b|\bонлайн-хроник",
        ),
        (
            "round-up",
            r"\b(?:morning|evening|daily|weekly|weekend|monthly|midday|nightly|war|news|ukraine|russia|world)[\s-]"
            r"(?:news[\s-])?(?:digest|round-?up|wrap(?:-?up)?|bulletin|in\s+brief|recap)\b"
            r"|\b(?:morning|evening|daily|war|ukraine\s+war)\s+(?:news\s+)?briefing\b(?!\s+(?:by|with|of|to|on|at|room)\b)"
            r"|\bround-?up\b(?!\s+of\s+(?:\w+\s+){0,2}(?:suspects|migrants|men))|\bnews\s+(?:digest|summary|wrap|in\s+brief)\b"
            r"|\b(?:the\s+)?(?:week|day|month)\s+in\s+(?:review|brief|pictures|photos|numbers)\b|\bat\s+a\s+glance\b"
            r"|\blist\s+of\s+key\s+events\b|\bkey\s+events\s+(?:on|of|from)\b|\btop\s+(?:\d+|five|ten)\s+(?:stories|headlines|news)\b"
            r"|\bwhat\s+happened\s+(?:on\s+day|today|overnight|this\s+week|in\s+\w+\s+this\s+week)\b|\btoday['’]?s\s+headlines\b"
            r"|\b(?:things|stories)\s+(?:you\s+need\s+)?to\s+know\s+(?:today|this)\b|\boffensive\s+campaign\s+assessment\b"
            r"|\bday\s+(?:\d,\d{3}|\d{3,4})\s*(?:$|[:|–—-]|of\s+(?:the\s+)?(?:\w+[’']?s?\s+)?(?:war|invasion))"
            r"|\bдайджест\b|\b(?:підсумки|головне|итоги|главное)\s+(?:за\s+)?(?:\w+\s+)?(?:дня|день|добу|тижня|тиждень|сутки|неделю|недели|ранок|утро)\b",
        ),
        (
            "transcript",
            r"\btranscript\b|^(?:opening\s+|closing\s+|joint\s+)?(?:remarks|statement|address|speech|press\s+(?:conference|briefing|statement)s?)"
            r"\s+(?:by|of|at|to|with|from|on\s+behalf)\b|^(?:full\s+text|in\s+full)\s*[:–—-]|\bfull\s+(?:text|transcript)\s+of\b"
            r"|\b(?:daily|department)\s+press\s+briefing\b|\bjoint\s+press\s+(?:conference|statement)\s+(?:by|with|of)\b|^interview\s+with\b.*\bfor\b"
            r"|\bстенограмма\b|^(?:выступление|вступительное\s+слово|заявление\s+для\s+прессы|пресс-конференция)\b.*\b(?:по\s+итогам|на|министра|президента)\b"
            r"|^звернення\s+президента\b",
        ),
        (
            "opinion",
            r"^(?:opinions?|op-?ed|editorial|comment(?:ary)?|column|letters?(?:\s+to\s+the\s+editor)?|essay|analysis|view(?:point)?"
            r"|guest\s+(?:essay|post|column)|perspective|думка|колонка|мнение|аналитика|аналіз|opinia|komentarz|kommentar|tribune)\s*[:|–—]"
            r"|[|–—]\s*(?:opinion|editorial|comment|letters?|analysis|op-?ed|column)\s*$"
            r"|[|–—]\s*(?-i:[A-Z][\w.’'-]+(?:\s+[A-Z][\w.’'-]+){1,3}\s+for\s+(?:the\s+)?[A-Z]\w+)\s*$",
        ),
        (
            "explainer",
            r"^(?:explainer|explained|fact[\s-]?(?:check|box)|q\s*&\s*a|timeline|backgrounder|in\s+(?:maps|charts|numbers)|пояснюємо|объясняем|розбираємо)\b\s*[:|–—]?"
            r"|\b(?:explained|explainer)\s*$|[|:–—]\s*(?:an?\s+)?(?:explainer|timeline|fact\s*check|visual\s+guide)\b"
            r"|\b(?:what|everything|all)\s+(?:do\s+)?(?:we|you)\s+(?:need\s+to\s+|should\s+)?know\b|\bwhat\s+to\s+know\b|\bhere['’]s\s+what\s+(?:we|you|to)\b"
            r"|^(?:why|what|how|who|where|can|could|will|would|is|are|does|do)\s[^\"“‘]*\?\s*$|^що\s+таке\b|^что\s+такое\b"
            r"|^(?:чому|навіщо|почему|зачем)\s.*\?\s*$",
        ),
    )
)

_PATH_RULES: Final = _compiled(
    (
        (
            "live-blog",
            r"/(?:live|live-?blogs?|live-?updates?|liveticker|live-news|liveblog)/|[/-]live-(?:updates?|blog|news|coverage)\b|/en-direct/",
        ),
        (
            "round-up",
            r"/(?:briefings?|newsletters?|digests?|roundups?|daily-brief|morning-briefing|news-digest)/",
        ),
        (
            "transcript",
            r"/(?:transcripts?|remarks|speeches(?:-remarks)?|briefings-statements/.*remarks)/|-transcript(?:-|$|/)|/president/transcripts/",
        ),
        (
            "opinion",
            r"/(?:opinions?|op-?eds?|commentisfree|editorials?|columns?|columnists?|comment|viewpoints?|analysis|perspectives?"
            r"|letters|authors?-columns|dumka|columns-ukr|kolumne|kommentar|idees|tribunes?)/",
        ),
        ("explainer", r"/(?:explainers?|explained|fact-?checks?|factcheck|timelines?|faqs?)/"),
    )
)

_CATEGORIES: Final[dict[str, Form]] = {
    "live": "live-blog", "live blog": "live-blog", "live updates": "live-blog", "minute by minutes": "live-blog",
    "briefing": "round-up", "newsletter": "round-up", "newsletters": "round-up", "digest": "round-up",
    "news digest": "round-up", "roundup": "round-up", "round-up": "round-up",
    "transcript": "transcript", "transcripts": "transcript", "remarks": "transcript", "speech": "transcript", "speeches": "transcript",
    "opinion": "opinion", "opinions": "opinion", "editorial": "opinion", "op-ed": "opinion", "commentary": "opinion",
    "comment": "opinion", "analysis": "opinion", "column": "opinion", "columns": "opinion", "letters": "opinion",
    "explainer": "explainer", "explainers": "explainer", "explained": "explainer", "fact check": "explainer",
    "factcheck": "explainer",
}  # fmt: skip

_ORDER: Final[tuple[Form, ...]] = ("live-blog", "round-up", "transcript", "opinion", "explainer")
_TURN: Final = re.compile(
    r"^(?:Q|A|Question|Answer|QUESTION|MR|MS|MRS|THE PRESIDENT|[A-Z][A-Z .’'-]{3,40}):\s", re.MULTILINE
)
_TURNS_OF_A_TRANSCRIPT: Final = 4


def form_of(
    title: str, url: str, text: str, categories: Iterable[str], feed: Feed
) -> tuple[Form, tuple[str, ...]]:
    """The form and the reasons for it, e.g. ("live-blog", ("title: live updates", "address: /live/")).

    `title` and `text` are clean, `url` canonical. Without any sign an article is a report, or an opinion where that is
    the feed's kind.
    """
    found: dict[Form, list[str]] = {}
    for form, pattern in _TITLE_RULES:
        if sign := pattern.search(title):
            found.setdefault(form, []).append(f"title: {_shown(sign[0])}")
    path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]
    for form, pattern in _PATH_RULES:
        if sign := pattern.search(path):
            found.setdefault(form, []).append(f"address: {_shown(sign[0])}")
    for category in categories:
        if (by_category := _CATEGORIES.get(category.strip().casefold())) is not None:
            found.setdefault(by_category, []).append(f"category: {_shown(category)}")
    if text.count(":") >= _TURNS_OF_A_TRANSCRIPT and len(_TURN.findall(text)) >= _TURNS_OF_A_TRANSCRIPT:
        found.setdefault("transcript", []).append("text: speakers take turns")
    if feed.kind == "opinion":
        found.setdefault("opinion", []).append("feed: kind opinion")
    for form in _ORDER:
        if form in found:
            return form, tuple(dict.fromkeys(found[form]))
    return "report", ("nothing says otherwise",)


def _shown(sign: str) -> str:
    return sign.strip(" :|–—-").casefold()[:60]
