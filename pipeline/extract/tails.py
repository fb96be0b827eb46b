"""The ends of excerpts that only lead on to the page: "Read more", "The post … appeared first on …". Pure."""

import re
from typing import Final

_WINDOW: Final = 600
"""Characters from the end in which tails are looked for: the longest name a title and a site."""

_ROUNDS: Final = 4
"""Feeds pile such lines up: "[…] Read more The post … appeared first on …"."""

_SIGNS: Final = (
    "read", "more", "full story", "full article", "the post", "first", "reading", "see the", "view the", "далі", "далее", "детальніше",
    "докладніше", "подробнее", "повністю", "полностью", "спочатку", "сначала", "впервые", "la suite", "lire plus", "lesen",
    "zuerst", "czytaj", "serwisu", "leer más", "leyendo", "leggi tutto", "a leggere", "ler mais", "lees ", "läs mer", "devamını", "premier",
)  # fmt: skip
"""Without one of these in it an end has no tail; finding that out must be cheap, as most ends have none."""

_STARTS: Final = re.compile(r"^|(?<=\n)|(?<=[.!?…\])»”\"'’>]) ?(?=\S)|(?<=\s)(?=The post )")
"""Where a tail may begin: a line, after the end of a sentence, and where WordPress glues its own to an excerpt."""

_FULL: Final = r"(?:story|article|text|report|post)"
_LEAD_ON: Final = re.compile(
    r"\s*(?:"
    r"(?:read|see|view|learn|show)\s+(?:more|(?:the\s+)?full\s+"
    + _FULL
    + r"|the\s+original\s+"
    + _FULL
    + r"|the\s+rest(?:\s+of\s+(?:this|the)\s+\w+)?)"
    r"|full\s+(?:story|article)|continue\s+reading|keep\s+reading|click\s+(?:here\s+)?(?:to|for)\s+\w+\s+more|more\s*(?:>>|»|›)"
    r"|читати\s+(?:далі|повністю)|детальніше|докладніше|читать\s+(?:далее|полностью)|подробнее"
    r"|lire\s+la\s+suite|en\s+lire\s+plus|weiterlesen|mehr\s+lesen|czytaj\s+(?:więcej|dalej)|leer\s+más|seguir\s+leyendo"
    r"|leggi\s+tutto|continua\s+a\s+leggere|ler\s+mais|lees\s+(?:meer|verder)|läs\s+mer|devamını\s+oku"
    r")(?:\s+here)?(?:\s*(?:at|on|in|about|:|…|\.{1,3}|→|»|›|>{1,2})\s*(?:https?://\S{1,300}|[^\n.]{0,120}))?\s*[.…→»›>]*\s*",
    re.IGNORECASE,
)
_READING_TITLE: Final = re.compile(r"\s*continue\s+reading\s[^\n]{1,250}", re.IGNORECASE)
_APPEARED: Final = re.compile(
    r"\s*(?:(?:the\s+)?(?:post|article|entry)|запис|сообщение|запись|der\s+beitrag|artykuł|l['’]article)\s[^\n]{1,300}?\s"
    r"(?:(?:first\s+appeared|appeared\s+first)\s+(?:on|in)|з['’]яви(?:вся|лися)\s+спочатку|появились\s+сначала"
    r"|впервые\s+появилась|erschien\s+zuerst|pochodzi\s+z\s+serwisu|est\s+apparu\s+en\s+premier)\s[^\n]{1,120}",
    re.IGNORECASE,
)
_BUTTON: Final = re.compile(
    r"\s(?:Read more|Read More|Continue reading|Читати далі|Читать далее|Lire la suite|Weiterlesen)\s*[.…→»›>]*$"
)
"""Glued to an unfinished sentence: only as it is written on buttons, with its capital letter."""

_ELLIPSIS: Final = re.compile(r"\s*(?:\[\s*(?:…|\.{3})\s*\]|\(\s*(?:…|\.{3})\s*\)|\.{3,}|…)$")


def without_tail(text: str) -> str:
    """`text` (clean, stripped) without what leads on at its end; the sign of an excerpt becomes one "…"."""
    for _ in range(_ROUNDS):
        end = text[-_WINDOW:]
        lowered = end.lower()
        if not any(sign in lowered for sign in _SIGNS):
            break
        kept = _kept(end)
        if kept == len(end):
            break
        text = text[: len(text) - len(end) + kept].rstrip()
    return _ELLIPSIS.sub("…", text) if text.endswith(("]", ")", "...", "…")) else text


def _kept(end: str) -> int:
    """How many characters of `end` come before its last tail."""
    for start in [found.end() for found in _STARTS.finditer(end)]:
        if _LEAD_ON.fullmatch(end, start) or _READING_TITLE.fullmatch(end, start):
            return start
        if start > 0 and _APPEARED.fullmatch(end, start):  # alone it may be a sentence about a post
            return start
    button = _BUTTON.search(end)
    return button.start() if button else len(end)
