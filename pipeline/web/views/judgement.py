"""Judgement: the log of corrections, verdicts, notes and tags; who, when, what stood before; and undo."""

from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response

from pipeline.corrections import training_line
from pipeline.db import announced, corrections, documents, judgement
from pipeline.db import stories as story_rows
from pipeline.web.routing import RefusedError, Visit, action, page
from pipeline.web.shown import clauses
from pipeline.web.shown.downloads import json_lines
from pipeline.web.views.article import target_words
from pipeline.web.views.lists import cards

SHOWN = 100
EXPORTED = 5000


def show(visit: Visit) -> Response:
    """Both logs, or the stories of one tag."""
    tag = visit.asked("tag")
    with visit.site.app.database.read() as connection:
        made = corrections.list_all(connection, limit=SHOWN)
        judged = judgement.log(connection, SHOWN)
        tags = judgement.tag_counts(connection)
        stories = judgement.tagged(connection, tag, SHOWN) if tag else []
        living = story_rows.living(connection, {item.story for item in judged})
        shown = list(dict.fromkeys(item.article for item in made))
        titles = {document.id: document.title for document in documents.by_ids(connection, shown)}
    named = {card.id: card.headline for card in cards(visit, sorted(set(living.values())))}
    return visit.render(
        "judgement.html",
        active="judgement",
        title=f"#{tag}" if tag else "Judgement",
        tag=tag,
        tags=tags,
        tag_query=clauses.clause("tag", tag),
        cards=cards(visit, stories) if tag else (),
        made=made,
        titles=titles,
        judged=judged,
        story_titles={told: named.get(story) for told, story in living.items()},
        target_words=lambda target: target_words(visit, target),
        said=visit.said,
    )


def undo_correction(visit: Visit) -> Response:
    """Take a correction back; its copies' too. The model's present view comes back beside the answer."""
    with visit.site.app.database.write() as connection:
        undone = corrections.undo(connection, _number(visit), visit.now)
        articles = [undone.article, *(item.article for item in corrections.followers(connection, undone.id))]
    visit.site.afterwards.show(articles)
    response = visit.go("/judgement", said=f"Correction {undone.id} is undone.")
    response.background = BackgroundTask(visit.site.afterwards.process)
    return response


def undo_judgement(visit: Visit) -> Response:
    """Take a verdict, note or tag back."""
    with visit.site.app.database.write() as connection:
        undone = judgement.undo(connection, _number(visit), author=visit.reader, now=visit.now)
        living = story_rows.living(connection, [undone.story]) if undone.kind == "tag" else {}
        tagged = announced.in_stories(connection, list(living.values()))
    visit.site.afterwards.show(tagged)
    return visit.go("/judgement", said=f"Taken back: {undone.kind} {undone.value}.")


def export(visit: Visit) -> Response:
    """What `ceasefire corrections export` writes."""
    with visit.site.app.database.read() as connection:
        names = corrections.corrected_articles(connection, "", EXPORTED)
        said = corrections.for_articles(connection, names)
        lines = [training_line(article, said[article.id]) for article in documents.by_ids(connection, names)]
    headers = {"Content-Disposition": 'attachment; filename="corrections.jsonl"'}
    return PlainTextResponse(json_lines(lines), media_type="application/x-ndjson", headers=headers)


def _number(visit: Visit) -> int:
    text = visit.form.get("number", "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise RefusedError(f"{text[:30]!r} is no number.", 400)
    return int(text)


ROUTES = (
    page("/judgement", show),
    page("/judgement/corrections.jsonl", export),
    action("/judgement/undo-correction", undo_correction),
    action("/judgement/undo", undo_judgement),
)
