"""From a decision to what the message says: pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from classifiers.types import Position
from pipeline.alerts.decide import Decision
from pipeline.alerts.facts import FIRST, Key, MatchedArticle, QueryTest, StoryFacts
from pipeline.alerts.keys import Carried, source_count
from pipeline.alerts.simulate import WouldSend
from pipeline.corrections import NO_DETAIL, UNCLEAR
from pipeline.notify import clean
from pipeline.notify.content import AlertLine, LabelLine, News, NewsLine, Quote, SideLine, Withdrawn
from pipeline.notify.words import STATUS_WORDS, Phrases, certainty, headline, object_of
from pipeline.types import Alert

SENTENCE_LIMIT = 400
TITLE_LIMIT = 200
SUBJECT_LIMIT = 110
"""Letters; phones show 30 to 60 of them, mail programs about 100."""
LINE_LIMIT = 120
"""Letters of one development told: two lines on a phone."""
HEADLINES_IN_SUBJECT = 2

Spans = tuple[tuple[int, int], ...]
Mark = Callable[[str], Spans]
"""A sentence to the places [start, end) in it that are to be marked: in order, none touching another."""

SIDES = ("ukraine", "russia", "third-party")


def alert_line(alert: Alert) -> AlertLine:
    """The alert as messages show it."""
    return AlertLine(alert.id, clean.line(alert.name, 100), clean.line(alert.query, 500), alert.zone)


def rfc3339(moment: datetime) -> str:
    """A UTC time as messages keep it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def unmarked(text: str) -> Spans:
    """Marks nothing."""
    return ()


def quote(article: MatchedArticle, sentence: str, mark: Mark = unmarked) -> Quote:
    """An evidence sentence (the title where there is none) with its source, and what `mark` marks in it."""
    text = clean.line(sentence or article.title, SENTENCE_LIMIT)
    return Quote(
        text, clean.line(article.outlet, 80), article.side, clean.link(article.url), clean.line(article.title, TITLE_LIMIT),
        rfc3339(article.published), rfc3339(article.seen), article.language, mark(text),
    )  # fmt: skip


def told_positions(
    tell: Sequence[Key], evidence: Sequence[Carried], words: Phrases
) -> list[tuple[Position, Carried]]:
    """The developments that keys tell, each with its best evidence.

    Keys that differ only in who did it are one line where they rest on one sentence, or tell the same of the same
    party; else each stands for itself: two refusals of different offers are no joint refusal.
    """
    carriers = {item.key: item for item in evidence}
    groups: dict[tuple[object, ...], list[Key]] = {}
    for key in tell:
        if key.kind == "development" and key in carriers:
            groups.setdefault(_telling(key, carriers[key].position, groups, carriers, words), []).append(key)
    return [_together(keys, carriers) for keys in groups.values()]


def _telling(
    key: Key,
    position: Position,
    groups: Mapping[tuple[object, ...], Sequence[Key]],
    carriers: Mapping[Key, Carried],
    words: Phrases,
) -> tuple[object, ...]:
    """What is told, but for who did it; that of an earlier key on the same sentence where there is one."""
    development, detail, _ = key.value.split(":")
    for told, keys in groups.items():
        same = carriers[keys[0]].position.sentence
        if told[:2] == (development, detail) and same and same == position.sentence:
            return told
    what = object_of(position.sentence, words, development)
    return development, detail, tuple(sorted(position.against)), what


def _together(keys: Sequence[Key], carriers: Mapping[Key, Carried]) -> tuple[Position, Carried]:
    """One position out of keys that tell the same."""
    development, detail, _ = keys[0].value.split(":")
    lead = carriers[keys[0]]
    named = [actor for key in keys for actor in carriers[key].position.by]
    by = sorted((key.value.split(":")[2] for key in keys), key=[*named, UNCLEAR].index)
    against = dict.fromkeys(actor for key in keys for actor in carriers[key].position.against)
    position = Position(
        development,
        tuple(actor for actor in by if actor != UNCLEAR),
        tuple(against),
        None if detail == NO_DETAIL else detail,
        lead.position.score,
        lead.position.sentence,
    )
    return position, lead


def line_of(position: Position, article: MatchedArticle, words: Phrases) -> str:
    """A development as a headline. Where nobody knows who did it, the outlet's own title says what it is about."""
    text = headline(position, words)
    if not position.by:
        text = f"{text}: {clean.line(article.title, LINE_LIMIT - len(text) - 2)}"
    return clean.line(text, LINE_LIMIT)


def headlines(
    told: Sequence[Key], evidence: Sequence[Carried], lead: MatchedArticle, words: Phrases
) -> list[tuple[str, tuple[Position, Carried] | None]]:
    """What a message that tells these keys says, line by line: each development with its best evidence, then what has
    become of the story; where it tells neither, the title of `lead`."""
    lines: list[tuple[str, tuple[Position, Carried] | None]] = [
        (line_of(position, item.article, words), (position, item))
        for position, item in told_positions(told, evidence, words)
    ]
    status = next((STATUS_WORDS[key.value] for key in told if key.kind == "status"), "")
    if lines:
        return [*lines, (status, None)] if status else lines  # the lines above say of what
    title = clean.line(lead.title, TITLE_LIMIT)
    return [(f"{status}: {title}" if status else title, None)]


def would_say(news: WouldSend, words: Phrases) -> str:
    """What a message that was only tried out would have said: all its headlines in one line."""
    return "; ".join(text for text, _ in headlines(news.keys, news.evidence, news.article, words))


def main_issue(articles: Sequence[MatchedArticle], query: QueryTest, words: Phrases) -> str:
    """The issue to file a story under: one that the query names, else the one that scores best over its articles."""
    scores: dict[str, float] = {}
    for article in articles:
        for label in article.labels:
            if label.label.startswith("issue:"):
                bonus = 10.0 if label.label in query.labels else 0.0
                scores[label.label] = scores.get(label.label, 0.0) + label.score + bonus
    if not scores:
        return ""
    return words.label(max(sorted(scores), key=lambda label: scores[label]))


def subject_line(headlines: Sequence[str], issue: str) -> str:
    """Who and what first, the issue last."""
    shown = list(headlines[:HEADLINES_IN_SUBJECT])
    more = len(headlines) - len(shown)
    text = "; ".join(shown) + (f" (+{more})" if more else "")
    tail = f" · {issue}" if issue else ""
    return clean.line(text, SUBJECT_LIMIT - len(tail)) + tail


def sides_of(articles: Sequence[MatchedArticle]) -> tuple[SideLine, ...]:
    """Who reports it, by side, each outlet once, in the order in which they published."""
    ordered = sorted(articles, key=lambda article: (article.published, article.id))
    return tuple(
        SideLine(side, tuple(dict.fromkeys(clean.line(a.outlet, 80) for a in ordered if a.side == side)))
        for side in SIDES
        if any(article.side == side for article in ordered)
    )


def news(
    alert: Alert,
    query: QueryTest,
    story: StoryFacts,
    articles: Sequence[MatchedArticle],
    decision: Decision,
    told: Sequence[Key],
    words: Phrases,
    mark: Mark = unmarked,
    note: str = "",
) -> News:
    """The instant message: `told` are the keys that this transaction inserted, out of `decision.tell`.

    `articles`: all of the story that match; `mark` finds in a sentence what the query looks for.
    """
    assert decision.lead is not None
    first = quote(decision.lead, _best_sentence(decision.lead, query), mark)
    lines: list[NewsLine] = []
    for text, shown in headlines(told, decision.evidence, decision.lead, words):
        if shown is None:
            lines.append(NewsLine(text, lines[0].quote if lines else first))
        else:
            position, item = shown
            sentence = quote(item.article, position.sentence, _either(mark, _object_of(position, words)))
            lines.append(NewsLine(text, sentence, certainty(position.score, announce=item.sure)))
    issue = main_issue(articles, query, words)
    return News(
        alert_line(alert),
        subject_line([line.headline for line in lines], issue),
        story.id,
        clean.line(story.title, TITLE_LIMIT),
        issue,
        tuple(lines),
        label_lines(decision.lead, words),
        sides_of(articles),
        source_count(articles),
        STATUS_WORDS.get(story.status or "", ""),
        clean.line(story.thread_name or "", 100),
        FIRST not in told,
        note,
    )


def _object_of(position: Position, words: Phrases) -> Mark:
    """Marks what was accepted, refused, put forward …, for a query that looks for no words."""
    found = object_of(position.sentence, words, position.development)

    def mark(text: str) -> Spans:
        start = text.find(found) if found else -1
        return () if found is None or start < 0 else ((start, start + len(found)),)

    return mark


def _either(first: Mark, second: Mark) -> Mark:
    return lambda text: first(text) or second(text)


def _best_sentence(article: MatchedArticle, query: QueryTest) -> str:
    """The sentence of the surest label that the query names, else of the surest at all."""
    ranked = sorted(
        article.labels, key=lambda label: (label.label not in query.labels, -label.score, label.label)
    )
    return next((label.sentence for label in ranked if label.sentence), article.title)


def label_lines(article: MatchedArticle, words: Phrases) -> tuple[LabelLine, ...]:
    """The leading article's labels: developments, issues, actors; the surest first."""
    order = {"development": 0, "issue": 1, "actor": 2}
    ranked = sorted(
        article.labels, key=lambda item: (order.get(item.label.partition(":")[0], 9), -item.score, item.label)
    )
    return tuple(
        LabelLine(
            item.label.partition(":")[0],
            words.label(item.label),
            certainty(item.score, announce=item.announce),
        )
        for item in ranked
    )


def withdrawn(
    alert: Alert, story: StoryFacts, keys: Sequence[Key], said: str, why: str, words: Phrases
) -> Withdrawn:
    """The reply that takes back `keys`. `said`: the subject of the message that told them."""
    lines: list[str] = []
    for key in keys:
        if key.kind == "development":
            development, detail, by = key.value.split(":")
            position = Position(
                development,
                () if by == UNCLEAR else (by,),
                (),
                None if detail == NO_DETAIL else detail,
                0.0,
                "",
            )
            lines.append(clean.line(headline(position, words), 120))
        else:
            lines.append(clean.line(story.title, TITLE_LIMIT))
    return Withdrawn(
        alert_line(alert),
        clean.line(f"Withdrawn: {said}", SUBJECT_LIMIT + 20),
        story.id,
        clean.line(story.title, TITLE_LIMIT),
        tuple(dict.fromkeys(lines)),
        clean.line(why, 300),
    )
