"""One article: its text with what was found in it, every version, and the forms by which a person corrects the tagger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args

from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from classifiers.details import DETAILS
from classifiers.types import LabelDecision, Position
from pipeline.corrections import PositionTarget, Verdict, read_target
from pipeline.db import article_pages
from pipeline.db import corrections as rows
from pipeline.errors import NotFoundError, QueryError, SettingsError
from pipeline.notify import clean
from pipeline.notify.words import headline
from pipeline.query.highlight import Marked, marked
from pipeline.search import search
from pipeline.types import Document
from pipeline.web.pages import paragraphs
from pipeline.web.routing import RefusedError, Visit, action, page
from pipeline.web.shown import precision, words
from pipeline.web.shown.changes import Piece, changes
from pipeline.web.views.search import result

LIKE = 15
FACET_NAMES = (("development", "What happened"), ("issue", "About"), ("actor", "Who"))


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A label of the article: how sure in words (`doubt` says what that is worth), and its sentence."""

    key: str
    name: str
    certainty: str
    doubt: str
    score: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PositionRow:
    """A position in words, with the target by which a correction names it."""

    headline: str
    target: str


def show(visit: Visit) -> Response:
    """The article as it stands now."""
    article, moved = _living(visit)
    if moved is not None:
        return moved
    with visit.site.app.database.read() as connection:
        found = article_pages.page(connection, article)
        log = rows.list_all(connection, article, 50)
    document = found.document
    labels = [_label_row(visit, item) for item in (*document.labels, *document.uncertain)]
    return visit.render(
        "article.html",
        active="",
        title=document.title,
        page=found,
        document=document,
        heading=_marked(visit, "title", clean.line(document.title, 20_000)),
        paragraphs=[_marked(visit, "text", part) for part in paragraphs(document.text)],
        facets=[
            (name, [row for row in labels if row.key.startswith(f"{facet}:")]) for facet, name in FACET_NAMES
        ],
        positions=_by_sentence(visit, document.positions),
        log=log,
        target_words=lambda target: target_words(visit, target),
        said=visit.said,
        choices={
            facet: [label for label in visit.site.labels.values() if label.facet == facet]
            for facet, _ in FACET_NAMES
        },
        details=DETAILS,
    )


def version(visit: Visit) -> Response:
    """An earlier version, and what changed in it against the one before."""
    article, moved = _living(visit)
    if moved is not None:
        return moved
    with visit.site.app.database.read() as connection:
        found = article_pages.page(connection, article)
    number = visit.path("number")
    at = next((place for place, item in enumerate(found.versions) if str(item.number) == number), None)
    if at is None:
        raise NotFoundError(f"The article has no version {number}.")
    chosen = found.versions[at]
    before = found.versions[at - 1] if at else None
    title_changes: list[Piece] = changes(before.title, chosen.title) if before else []
    text_changes: list[Piece] = changes(before.text, chosen.text) if before else []
    return visit.render(
        "version.html", active="", title=chosen.title, page=found, version=chosen, before=before,
        title_changes=title_changes, text_changes=text_changes, paragraphs=list(paragraphs(chosen.text)),
    )  # fmt: skip


def like(visit: Visit) -> Response:
    """The articles whose meaning is nearest to this one's."""
    article, moved = _living(visit)
    if moved is not None:
        return moved
    with visit.site.app.database.read() as connection:
        title = article_pages.page(connection, article).document.title
    why = ""
    found: tuple[Document, ...] = ()
    try:
        found = search(visit.site.app, "", now=visit.now, like=article, limit=LIKE).documents
    except (
        NotFoundError
    ) as error:  # it has no embedding: the tagger's backend makes none, or it waits to be tagged
        why = str(error)
    everything = visit.site.parse("")
    return visit.render(
        "like.html", active="", title="More like this", article=article, like=title, why=why,
        results=[result(visit, everything, document) for document in found],
    )  # fmt: skip


def correct(visit: Visit) -> Response:
    """A person's word on a label or position; searches see it at once."""
    article, _ = _living(visit)
    verdict = visit.form.get("verdict", "")
    if verdict not in get_args(Verdict):
        raise RefusedError("A correction says wrong, missing or right.", 400)
    with visit.site.app.database.write() as connection:
        made = rows.add(
            connection, article, _target(visit), cast(Verdict, verdict), labels=visit.site.app.taxonomy.keys,
            author=visit.reader, now=visit.now, sentence=visit.form.get("sentence", "").strip()[:2000],
            note=visit.form.get("note", "").strip()[:2000],
        )  # fmt: skip
        copies = [item.article for item in rows.followers(connection, made.id)]
    visit.site.afterwards.show([article, *copies])
    also = f" Its {len(copies)} copies follow." if len(copies) > 1 else " Its copy follows." if copies else ""
    response = visit.go(
        f"/article/{article}", said=f"Noted: {target_words(visit, made.target)} is {verdict}.{also}"
    )
    response.background = BackgroundTask(visit.site.afterwards.process)
    return response


def _target(visit: Visit) -> str:
    """The target as given, or a position put together from the form's parts. Raises SettingsError."""
    if target := visit.form.get("target", "").strip():
        return target
    development = visit.form.get("development", "").strip()
    if not development:
        raise SettingsError("Choose what is missing.")
    return str(PositionTarget(development, visit.form.get("detail"), tuple(visit.many.get("by", ()))))


def target_words(visit: Visit, target: str) -> str:
    """A correction's target as people say it."""
    if target in visit.site.names:
        return f"“{visit.site.names[target]}”"
    said = read_target(target)
    if isinstance(said, str):  # a label that the taxonomy no longer has
        return f"“{said}”"
    name = visit.site.names.get(f"development:{said.development}", said.development)
    parties = ", ".join(map(visit.site.words.actor, said.by)) or "unclear by whom"
    return f"“{name}{f' ({said.detail})' if said.detail else ''}: {parties}”"


def _living(visit: Visit) -> tuple[str, Response | None]:
    """The article's id, or where to go where the address names one that was merged into it."""
    asked = visit.path("article")
    with visit.site.app.database.read() as connection:
        article = article_pages.living(connection, asked)
    return article, (None if article == asked else RedirectResponse(f"/article/{article}", 301))


def _marked(visit: Visit, field: str, text: str) -> Marked:
    """The text with what the search that led here looks for."""
    typed = visit.asked("q")
    if typed:
        try:
            return marked(visit.site.parse(typed), field, text)
        except QueryError:
            return Marked(text, ())
    return Marked(text, ())


def _label_row(visit: Visit, label: LabelDecision) -> LabelRow:
    sure = words.certainty(label)
    return LabelRow(
        label.label,
        visit.site.names.get(label.label, label.label),
        sure,
        precision.in_words(label.label, sure, visit.site.measured),
        f"{label.score:.0%}",
        clean.line(label.sentence, 400),
    )


def _by_sentence(visit: Visit, positions: Sequence[Position]) -> dict[str, list[PositionRow]]:
    """The positions by the sentence that they rest on, in the order of the article's."""
    found: dict[str, list[PositionRow]] = {}
    for item in positions:
        target = PositionTarget(item.development, item.detail, item.by)
        row = PositionRow(headline(item, visit.site.words), str(target))
        found.setdefault(clean.line(item.sentence, 400), []).append(row)
    return found


ROUTES = (
    page("/article/{article}", show),
    page("/article/{article}/v/{number}", version),
    page("/article/{article}/like", like),
    action("/article/{article}/correct", correct),
)
