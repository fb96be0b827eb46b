"""Articles to stories, one after the other, with bounded work for each.

A story is one event. An article joins the story that it is most like, if it is like it enough and near it in time;
else it begins one. Stories that turn out to be one become one. The answer hardly depends on the order: likeness is an
average over all pairs, a late article is compared with the stories of its own days, and a story begun too early is
joined when what connects it arrives.
"""

import heapq
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.stories.copies import CopyIndex
from pipeline.stories.similarity import (
    Profile,
    Telling,
    VectorScale,
    leading,
    likeness,
    measure,
    other_step,
    profile_of,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The one fixed setting; docs/stories.md shows how little the result depends on each number."""

    join: float = 0.045
    """Mean likeness over many pairs from which an article belongs to a story, and two stories are one."""
    few: float = 0.12
    """What the mean over a single pair needs beyond `join`; over n pairs an n-th of it. Few pairs are often alike by
    chance, and a story's first pair decides what it is about."""
    alone: float = 0.5
    """Part of what one term brings that does not count over a single pair: two articles that share nothing but a rare
    place are rarely of one event, where twenty are."""
    closed_after: timedelta = timedelta(hours=72)
    """A story takes no articles that are further than this from all of its own."""
    silence: timedelta = timedelta(hours=12)
    """A night; after a longer silence, what comes is more likely the next step of the matter than the same event."""
    silence_doubles: timedelta = timedelta(hours=24)
    """Silence beyond `silence` that doubles what `join` asks for."""
    age: timedelta = timedelta(hours=48)
    """An event is told for about two days; what follows is its consequences."""
    age_doubles: timedelta = timedelta(hours=96)
    """Age beyond `age` that doubles what `join` asks for."""
    step_doubles: timedelta = timedelta(hours=6)
    """Time since the story's begin that doubles what `join` asks for where the article tells of another step: the
    verdict is a story of its own, also where the report of the trial's first day is much like it."""
    looked_up: int = 12
    """Terms by which an article looks for stories, rarest first."""
    kept: int = 100
    """Newest stories that are remembered for one term; a term in more stories than that leads nowhere."""
    compared: int = 16
    """Stories with the most in common that are compared in full."""


THE_RULES = Rules()


@dataclass(slots=True)
class Story:
    """A story in the window: its members by id, and what they add up to."""

    id: str
    first: datetime
    last: datetime
    members: dict[str, Telling] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)

    def add(self, one: Telling) -> None:
        """Take a member in; the story's span grows with it."""
        self.members[one.id] = one
        self.profile.add(one)
        self.first, self.last = min(self.first, one.published), max(self.last, one.published)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an article went. `merged`: pairs of stories (old, into) that became one on this occasion, in order."""

    article: str
    story: str
    copy_of: str | None
    merged: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Constraints:
    """What analysts decided, as article -> articles: `together` in one story, `apart` in no story both."""

    together: Mapping[str, Collection[str]] = field(default_factory=dict)
    apart: Mapping[str, Collection[str]] = field(default_factory=dict)


class Grouping:
    """The stories of a window of time. Not a store: whoever holds the articles fills it and writes what it says."""

    def __init__(self, rules: Rules = THE_RULES, constraints: Constraints = Constraints()) -> None:
        self.rules = rules
        self.constraints = constraints
        self.scale: VectorScale | None = None
        self.stories: dict[str, Story] = {}
        self.story_of: dict[str, str] = {}
        self.copies = CopyIndex()
        self.originals: dict[str, str] = {}
        self.rerooted: set[str] = set()
        self._by_term: dict[str, dict[str, None]] = {}
        self._touched: set[str] = set()

    def restore(self, one: Telling, story: str, copy_of: str | None) -> None:
        """Put an article back where it was decided to be."""
        self._put(one, story)
        self._touched.discard(story)
        if copy_of is not None:
            self.originals[one.id] = copy_of
        self.copies.add(one.print)

    def place(self, one: Telling, story_id: str | None = None) -> Placement:
        """Find the article's story; a new one gets the id `story_id`, by default the article's.

        An article that is placed already stays in its story as long as its text is the same, or still fits there;
        `story_id` is then the name of the story that it begins if it fits nowhere.
        """
        before, old = self.story_of.get(one.id), self._telling(one.id)
        self._take_out(one.id)
        originals = self._originals(one)
        original = originals[0] if originals else None
        candidates = self._candidates(one)
        story = self._bound_to(one) or (original and self.story_of[original])
        if story is None and before is not None:
            unchanged = old is not None and old.print == one.print
            if before in candidates or before not in self.stories or unchanged:
                story = before
        if story is None:
            story = max(candidates, key=lambda name: (candidates[name], name), default=story_id or one.id)
        if original is not None and self.story_of[original] != story:
            original = None
        self._put(one, story)
        self.copies.add(one.print)
        if original is not None:
            self.originals[one.id] = original
        merged = tuple(self._absorb(story, candidates))
        if original is not None:
            self._unite(originals)
        return Placement(one.id, self.story_of[one.id], self.originals.get(one.id), merged)

    def review(self) -> list[tuple[str, str]]:
        """Join stories that have become one since the last review: pairs (old, into), in order.

        A story that began with an odd telling is out of reach while the main one is small, and within it later on.
        """
        merged: list[tuple[str, str]] = []
        for name in sorted(self._touched, key=lambda name: (-len(self.stories[name].members), name)):
            if name in self.stories:
                alike = dict.fromkeys(self._alike(self.stories[name].profile), 0.0)
                merged += self._absorb(name, alike)
        self._touched.clear()
        return merged

    def measure(self, coming: Iterable[Telling]) -> None:
        """Measure the encoder on the window and on what is about to be placed."""
        held = (one for story in self.stories.values() for one in story.members.values())
        self.scale = measure((*held, *coming))

    def remove(self, article: str) -> None:
        """Take an article out; unknown ones are no error."""
        self._take_out(article)

    def forget_before(self, moment: datetime) -> None:
        """Let go of stories that nothing after `moment` can join."""
        for story in [
            story for story in self.stories.values() if story.last + self.rules.closed_after < moment
        ]:
            for article in list(story.members):
                self._take_out(article)

    def _originals(self, one: Telling) -> list[str]:
        """The originals of the texts that it is a copy of, the most alike first: more than one where it holds what two
        trimmed copies have in common with it, and not with each other."""
        roots = dict.fromkeys(self.originals.get(found, found) for found in self.copies.find(one.print))
        return [
            root
            for root in roots
            if root in self.story_of and not self._forbidden(one.id, self.stories[self.story_of[root]])
        ]

    def _unite(self, originals: Sequence[str]) -> None:
        """These are one text: those in the story of the first one get the earliest of them as their original."""
        story = self.story_of[originals[0]]
        same = [root for root in originals if self.story_of[root] == story]
        if len(same) == 1:
            return
        members = self.stories[story].members
        first = min(same, key=lambda root: (members[root].published, root))
        for article in (*(name for name, root in self.originals.items() if root in same), *same):
            if article != first and self.originals.get(article) != first:
                self.originals[article] = first
                self.rerooted.add(article)

    def _bound_to(self, one: Telling) -> str | None:
        for partner in sorted(self.constraints.together.get(one.id, ())):
            if partner in self.story_of:
                return self.story_of[partner]
        return None

    def _candidates(self, one: Telling) -> dict[str, float]:
        """Stories that the article may join, with how alike they are beyond what is needed."""
        profile = profile_of(one)
        found: dict[str, float] = {}
        for name in self._alike(profile):
            story = self.stories[name]
            needed = self._needed(story, profile, one.published, one.published)
            if needed is None or self._forbidden(one.id, story):
                continue
            alike = likeness(profile, story.profile, self.scale)
            alike -= self.rules.alone * leading(profile, story.profile) / story.profile.size
            if alike >= needed:
                found[name] = alike
        return found

    def _alike(self, profile: Profile) -> list[str]:
        """Stories that share the most of the rarest terms."""
        shared: dict[str, float] = {}
        rarest = heapq.nlargest(self.rules.looked_up, profile.terms.items(), key=lambda item: item[1])
        for term, value in rarest:
            for name in self._by_term.get(term, ()):
                story = self.stories[name].profile
                shared[name] = shared.get(name, 0.0) + value * story.terms[term] / story.size
        return heapq.nlargest(self.rules.compared, shared, key=lambda name: (shared[name], name))

    def _needed(self, story: Story, other: Profile, first: datetime, last: datetime) -> float | None:
        """The mean likeness that what is told in `other`, from `first` to `last`, needs to be of this story.

        None: out of its time.
        """
        silence = max(story.first - last, first - story.last, timedelta())
        if silence > self.rules.closed_after:
            return None
        age = max(last, story.last) - min(first, story.first)
        factor = 1.0
        factor += max(timedelta(), silence - self.rules.silence) / self.rules.silence_doubles
        factor += max(timedelta(), age - self.rules.age) / self.rules.age_doubles
        if other_step(story.profile, other):
            factor += abs(first - story.first) / self.rules.step_doubles
        return (self.rules.join + self.rules.few / math.sqrt(max(story.profile.size, other.size))) * factor

    def _absorb(self, name: str, candidates: Mapping[str, float]) -> Iterator[tuple[str, str]]:
        """Join those of the candidates that have become one with the story `name`; the larger one keeps its id."""
        for other_name in sorted(candidates, key=lambda item: (-candidates[item], item)):
            if other_name == name or other_name not in self.stories:
                continue
            story, other = self.stories[name], self.stories[other_name]
            needed = self._needed(story, other.profile, other.first, other.last)
            if needed is None or (
                self.constraints.apart and any(self._forbidden(article, story) for article in other.members)
            ):
                continue
            if likeness(story.profile, other.profile, self.scale) < needed:
                continue
            into, gone = sorted((story, other), key=lambda item: (-len(item.members), item.first, item.id))
            for one in list(gone.members.values()):
                self._remove_from_story(one.id)
                self._put(one, into.id)
            yield gone.id, into.id
            name = into.id

    def _telling(self, article: str) -> Telling | None:
        name = self.story_of.get(article)
        return None if name is None else self.stories[name].members[article]

    def _forbidden(self, article: str, story: Story) -> bool:
        apart = self.constraints.apart.get(article)
        return apart is not None and any(other in story.members for other in apart)

    def _put(self, one: Telling, name: str) -> None:
        story = self.stories.get(name)
        if story is None:
            story = self.stories[name] = Story(name, one.published, one.published)
        story.add(one)
        self._touched.add(name)
        self.story_of[one.id] = name
        for term in one.terms:
            held = self._by_term.setdefault(term, {})
            held.pop(name, None)
            held[name] = None
            if len(held) > self.rules.kept:
                del held[next(iter(held))]

    def _take_out(self, article: str) -> None:
        self.copies.remove(article)
        self.originals.pop(article, None)
        self._remove_from_story(article)

    def _remove_from_story(self, article: str) -> None:
        name = self.story_of.pop(article, None)
        if name is None:
            return
        story = self.stories[name]
        one = story.members.pop(article)
        if not story.members:
            del self.stories[name]
            self._touched.discard(name)
            for term in story.profile.terms:
                held = self._by_term.get(term)
                if held is not None:
                    held.pop(name, None)
                    if not held:
                        del self._by_term[term]
            return
        story.profile.add(one, -1)
        story.first = min(member.published for member in story.members.values())
        story.last = max(member.published for member in story.members.values())


def group_all(tellings: Iterable[Telling], rules: Rules = THE_RULES) -> dict[str, Placement]:
    """Group a whole collection at once, in order of time whatever the order it is given in.

    A story is named by its earliest article.
    """
    grouping = Grouping(rules)
    ordered = sorted(tellings, key=lambda one: (one.published, one.id))
    grouping.scale = measure(ordered)
    for one in ordered:
        grouping.place(one)
    while grouping.review():
        pass
    names: dict[str, str] = {}
    for one in ordered:
        names.setdefault(grouping.story_of[one.id], one.id)
    return {
        one.id: Placement(one.id, names[grouping.story_of[one.id]], grouping.originals.get(one.id))
        for one in ordered
    }
