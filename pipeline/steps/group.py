"""Group what is tagged: every article gets its story, its thread, and its place among the copies of one text.

The rules are those of `pipeline.stories`; here they meet the rows. One process at a time does this, under the lock that
deciding takes too, so that two cycles at once never make two stories of one event.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from pipeline.alerts.keys import developments_of
from pipeline.db import announced, corrections, schema, tellings
from pipeline.db import stories as story_rows
from pipeline.db.dialect import chunks
from pipeline.db.engine import Database
from pipeline.db.locks import DECIDE, Held, exclusive
from pipeline.db.standings import refresh_standing
from pipeline.db.stories import NewStory
from pipeline.db.tellings import Placed, Ungrouped
from pipeline.db.threads import remember_and_link
from pipeline.stories.grouping import Constraints, Grouping

BATCH = 200
"""Articles grouped between two commits: a write transaction of well under 100 ms."""
BATCH_SPAN = timedelta(days=2)
"""Publication times of a batch lie within this: an archive taken in does not pull years of stories into the window."""


@dataclass(frozen=True, slots=True)
class GroupReport:
    """What the step did. `overtaken`: tagged anew while we grouped; they stay queued."""

    grouped: int = 0
    new_stories: int = 0
    copies: int = 0
    merged: int = 0
    overtaken: int = 0


@dataclass(slots=True)
class Window:
    """The open stories in memory, kept from one call to the next by a process that goes on; never trusted unchecked:
    each batch compares it with the database first."""

    grouping: Grouping = field(default_factory=Grouping)
    placed: dict[str, Placed] = field(default_factory=dict)
    model_hash: str | None = None

    def sync(self, connection: Connection, batch: Sequence[Ungrouped]) -> None:
        """Make the window what the database says of the days around `batch`."""
        times = [item.telling.published for item in batch]
        reach = self.grouping.rules.closed_after
        now_placed = tellings.placed_between(connection, min(times) - reach, max(times) + reach)
        model_hash = batch[-1].model_hash
        if model_hash != self.model_hash:
            self.grouping, self.placed, self.model_hash = Grouping(self.grouping.rules), {}, model_hash
        for article in [name for name, where in self.placed.items() if now_placed.get(name) != where]:
            self.grouping.remove(article)
            del self.placed[article]
        missing = [name for name in now_placed if name not in self.placed]
        for one in tellings.load(connection, missing, model_hash):
            where = now_placed[one.id]
            self.grouping.restore(one, where.story, where.copy_of)
            self.placed[one.id] = where

    def clear(self) -> None:
        """Forget everything: what was placed here could not be written."""
        self.grouping, self.placed = Grouping(self.grouping.rules), {}


def group_tagged(
    database: Database,
    now: Callable[[], datetime],
    *,
    window: Window | None = None,
    stopped: Callable[[], bool] = lambda: False,
    holder: str | None = None,
) -> GroupReport:
    """Group the whole queue, batch by batch, until it is empty or `stopped()`.

    `window`: give the same one at every call where a process goes on, and the open stories are loaded once. Raises
    LockLostError where another process keeps the lock for too long; what is queued stays queued.
    """
    window = window if window is not None else Window()
    total = GroupReport()
    with database.read() as connection:
        waiting = tellings.count_ungrouped(connection)
    if not waiting:
        return total
    with exclusive(database, DECIDE, holder or f"group {os.getpid()}") as held:
        while not stopped():
            report = _group_batch(database, held, window, now())
            if report is None:
                break
            total = GroupReport(
                total.grouped + report.grouped,
                total.new_stories + report.new_stories,
                total.copies + report.copies,
                total.merged + report.merged,
                total.overtaken + report.overtaken,
            )
    return total


def merge_stories(
    database: Database, from_story: str, into: str, author: str, now: Callable[[], datetime]
) -> str:
    """Merge two stories by hand, now and for every regrouping. Returns the living id. Raises NotFoundError."""
    with exclusive(database, DECIDE, f"merge {os.getpid()}") as held, database.write() as connection:
        living = story_rows.merge_by_hand(connection, from_story, into, author, now())
        refresh_standing(connection, [living], now())
        held.check(connection)
    return living


def split_story(
    database: Database, story: str, articles: Sequence[str], author: str, now: Callable[[], datetime]
) -> str:
    """Split articles off a story by hand, now and for every regrouping. Returns the new id. Raises NotFoundError."""
    with exclusive(database, DECIDE, f"split {os.getpid()}") as held, database.write() as connection:
        new = story_rows.split_by_hand(connection, story, articles, author, now())
        refresh_standing(connection, [story_rows.resolve(connection, story), new], now())
        held.check(connection)
    return new


def _group_batch(database: Database, held: Held, window: Window, now: datetime) -> GroupReport | None:
    with database.read() as connection:
        batch = _within_span(tellings.ungrouped(connection, BATCH))
        if not batch:
            return None
        window.sync(connection, batch)
        window.grouping.constraints = _constraints(connection, batch, window.grouping.rules.closed_after)
        taken = story_rows.taken_ids(connection, [item.id for item in batch])
        names = {article: story_rows.free_id(connection, article) for article in taken}
    known = set(window.grouping.stories)
    window.grouping.measure(item.telling for item in batch)
    placements = [window.grouping.place(item.telling, names.get(item.id)) for item in batch]
    merged = [pair for placement in placements for pair in placement.merged] + window.grouping.review()
    try:
        with database.write() as connection:
            report = _write(connection, window, batch, names, known, merged, now)
            held.check(connection)
    except BaseException:
        window.clear()
        raise
    return report


def _within_span(batch: list[Ungrouped]) -> list[Ungrouped]:
    if not batch:
        return batch
    begin = batch[0].telling.published
    return [item for item in batch if item.telling.published - begin <= BATCH_SPAN]


def _constraints(connection: Connection, batch: Sequence[Ungrouped], reach: timedelta) -> Constraints:
    """What analysts decided about articles of the window: made since its begin, or about an article of the batch."""
    begin = min(item.telling.published for item in batch) - reach
    links = {
        *story_rows.links_since(connection, begin),
        *story_rows.links_of(connection, [item.id for item in batch]),
    }
    together: dict[str, set[str]] = {}
    apart: dict[str, set[str]] = {}
    for link in links:
        target = together if link.relation == "together" else apart
        target.setdefault(link.left, set()).add(link.right)
        target.setdefault(link.right, set()).add(link.left)
    return Constraints(together, apart)


def _write(
    connection: Connection,
    window: Window,
    batch: Sequence[Ungrouped],
    names: Mapping[str, str],
    known: Set[str],
    merged: Sequence[tuple[str, str]],
    now: datetime,
) -> GroupReport:
    grouping = window.grouping
    current = _finish(connection, batch)
    for item in batch:
        if item.id not in current:  # what was decided for it was decided on old tags
            grouping.remove(item.id)
            window.placed.pop(item.id, None)
    overtaken = len(batch) - len(current)
    batch = [item for item in batch if item.id in current]
    used = grouping.stories.keys() | {name for pair in merged for name in pair}
    begun = {
        name: item
        for item in batch
        for name in (names.get(item.id, item.id),)
        if name in used and name not in known
    }
    story_rows.create(
        connection,
        [NewStory(name, item.telling.title, item.id, item.told, item.told) for name, item in begun.items()],
    )
    for old, into in merged:
        if {old, into} <= known | begun.keys():
            story_rows.merge(connection, old, into, now)
    final = {item.id: (grouping.story_of[item.id], grouping.originals.get(item.id)) for item in batch}
    story_rows.assign(connection, {**final, **_rerooted(window, final.keys())})
    for item in batch:
        _follow(connection, item, final[item.id][0], now)
    corrections.inherit(connection, list(final))
    touched = sorted(
        {story for story, _ in final.values()} | {into for _, into in merged if into in grouping.stories}
    )
    story_rows.extend(connection, _told(batch, final))
    tellings.save(connection, [item.telling for item in batch])
    remember_and_link(connection, [grouping.stories[name] for name in touched])
    refresh_standing(connection, touched, now)
    _remember(window, batch, merged)
    copies = sum(copy_of is not None for _, copy_of in final.values())
    return GroupReport(len(batch), len(begun), copies, len(merged), overtaken)


def _finish(connection: Connection, batch: Sequence[Ungrouped]) -> set[str]:
    """Note the taggings that were grouped; returns the articles that were not tagged anew, nor went away, meanwhile."""
    table = schema.article.c
    ids = [item.id for item in batch]
    now_tagged = {
        row.id: row.tag_count
        for part in chunks(ids)
        for row in connection.execute(
            select(table.id, table.tag_count).where(table.id.in_(part)).with_for_update()
        )
    }
    current = [item for item in batch if now_tagged.get(item.id) == item.tag_count]
    if current:
        connection.execute(
            update(schema.article)
            .where(table.id == bindparam("of"), table.tag_count == bindparam("count"))
            .values(grouped_tag_count=bindparam("count")),
            [{"of": item.id, "count": item.tag_count} for item in current],
        )
    return {item.id for item in current}


def _follow(connection: Connection, item: Ungrouped, story: str, now: datetime) -> None:
    """An article that left its story for another takes along what was announced, so that nothing is told again: all of
    it where the story goes with it or it begins one, else what it tells itself."""
    if item.story is None or item.story == story:
        return
    if story_rows.is_empty(connection, item.story):
        story_rows.merge(connection, item.story, story, now)
    elif story == item.id or story.startswith(f"{item.id}-"):
        story_rows.copy_announced(connection, item.story, story)
    else:
        article = announced.articles(connection, [item.id])[item.id]
        own = {key.value for key in developments_of(article)}
        story_rows.copy_announced(connection, item.story, story, own)


def _rerooted(window: Window, batch: Set[str]) -> dict[str, tuple[str, str | None]]:
    """Articles grouped before whose original is another one since a text came that joins two groups of copies."""
    grouping = window.grouping
    found: dict[str, tuple[str, str | None]] = {}
    for article in sorted(grouping.rerooted - batch):
        if article in window.placed and article in grouping.story_of:
            place = Placed(
                grouping.story_of[article], grouping.originals.get(article), window.placed[article].tag_count
            )
            found[article] = place.story, place.copy_of
            window.placed[article] = place
    grouping.rerooted.clear()
    return found


def _told(batch: Iterable[Ungrouped], final: dict[str, tuple[str, str | None]]) -> dict[str, list[datetime]]:
    told: dict[str, list[datetime]] = {}
    for item in batch:
        told.setdefault(final[item.id][0], []).append(item.told)
    return told


def _remember(window: Window, batch: Sequence[Ungrouped], merged: Sequence[tuple[str, str]]) -> None:
    """Keep the window's own view of the rows in step with what was just written."""
    grouping = window.grouping
    for name in {into for _, into in merged} & grouping.stories.keys():
        for article in grouping.stories[name].members:
            if article in window.placed:
                window.placed[article] = replace(window.placed[article], story=name)
    for item in batch:
        window.placed[item.id] = Placed(
            grouping.story_of[item.id], grouping.originals.get(item.id), item.tag_count
        )
