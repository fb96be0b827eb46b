"""A text as positions see it: sentences of words, and where each actor is named and in what role. Pure.

Roles come from small rules over the words around a name (what precedes and follows it), not from a parser: half of
the texts are headlines and summaries, where parsers trained on full prose do worse, and a parse costs a second model.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from classifiers.aliases import AliasMatcher, Hit
from classifiers.names import Gazetteer
from classifiers.positions.lexicon import Lexicon
from classifiers.sentences import Sentence, joined, split
from classifiers.types import Text

MAX_TEXT_CHARACTERS = 1_600
"""Nothing after these is read: what follows is background, and it bounds the time for a text of any size."""
MAX_WORDS = 160
"""Words of a sentence that are read."""

OTHER = "other"
_WORD = re.compile(r"[^\W_]+(?:[-.'’][^\W_]+)*(?:['’](?!\w))?|[^\w\s]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RULES = "3"
"""To be changed with any rule here that gives the same text other roles, or in `outsiders` that gives it other parties: articles are then known to be tagged by older rules."""
_DETERMINERS = _words(
    """the a an its their his her both new all several some top senior two three five former own neighboring
    neighbouring another any more most many ' “ " ‘"""
)
PREPOSITIONS = {
    "by": "by", "with": "with", "against": "against", "from": "from", "to": "to", "for": "for", "of": "of",
    "between": "between", "among": "between", "alongside": "with", "after": "after", "before": "after",
    "on": "on", "at": "on", "in": "on", "into": "on", "inside": "on", "near": "on", "over": "on", "across": "on",
    "around": "on", "upon": "on", "outside": "on", "toward": "to", "towards": "to", "onto": "on", "through": "on",
    "than": "of", "about": "of", "without": "without", "despite": "after", "amid": "after", "like": "of",
    "within": "on", "off": "on", "versus": "against", "under": "after", "via": "from",
}  # fmt: skip
_CLAUSE_OPENERS = _words(
    """that while as but because when if which who whether where although though since and so until unless - – — : ; ,
    . “ " ‘ ( says said say after before how why"""
)
_TELL = _words("tell tells telling told")
"""Verbs whose object is a listener."""
_AND = frozenset({"and", ",", "&", "or", "-", "–", "/", "plus", "as", "well"})
_HEAD_REACH = 4
_MAKERS = ("-made", "-supplied", "-provided", "-built", "-donated", "-designed", "-produced", "-funded")
_BROKERS = (
    "-brokered",
    "-backed",
    "-mediated",
    "-sponsored",
    "-hosted",
    "-supported",
    "-proposed",
    "-drafted",
)
_LED = ("-led", "-driven", "-convened")
_PERSONAL = frozenset({"he", "she"})
_PRONOUNS = _PERSONAL | {"it", "they", "we"}
_FORGOTTEN = 2
"""Sentences without a person after which "he" is nobody known."""
_WORKS = _words("factory factories plant plants depot depots base bases airfield airfields warehouse site")
"""Targets that a weapon's name may describe."""


@dataclass(slots=True)
class Mention:
    """Words `first` to `last` (both included) of a sentence name `actor`.

    `named` is false for a group such as "European leaders", `person` true for people and bodies that act.
    `land`: a place on the actor's land is named, not the actor. The rest is its role: the preposition before it, what
    kind of noun it qualifies ("Russian drones": weapon), whether it speaks, opens a clause, is accused, comes after
    "and" (`joined`) or before it (`leads`), asks for something, wards something off, made or brokered it ("US-made",
    "US-backed"), or is called by its capital.
    """

    actor: str
    first: int
    last: int
    named: bool = True
    person: bool = False
    adjective: bool = False
    land: bool = False
    held: bool = False
    possessive: bool = False
    preposition: str = ""
    head: str = ""
    head_at: int = -1
    says: bool = False
    subject: bool = False
    accused: bool = False
    joined: bool = False
    leads: bool = False
    asks: bool = False
    defends: bool = False
    maker: bool = False
    broker: bool = False
    led: bool = False
    capital: bool = False
    listed: int = 1
    pronoun: bool = False


@dataclass(slots=True)
class Clause:
    """One sentence: its text, lower-case words, the groups of each (bits), and the mentions in order. `title` and
    `lead` say whether it is the title or the first sentence after it."""

    text: str
    title: bool
    lead: bool
    words: list[str]
    bits: list[int]
    parts: list[int]
    mentions: list[Mention] = field(default_factory=list)
    land: list[Mention] = field(default_factory=list)


class Reader:
    """Reads texts. `matcher` finds the taxonomy's aliases. May be shared by threads."""

    def __init__(self, matcher: AliasMatcher, gazetteer: Gazetteer, lexicon: Lexicon) -> None:
        self._matcher = matcher
        self._lexicon = lexicon
        self._gazetteer = gazetteer
        mask = lexicon.mask
        self._others, self._titles = mask("others"), mask("titles")
        self._say, self._accuse = mask("verbs.say"), mask("verbs.accuse")
        self._ask, self._defend = mask("verbs.ask"), mask("verbs.defend")
        self._heads = {name: mask(f"nouns.{name}") for name in HEADS}
        self._any_head = sum({bit: bit for bit in self._heads.values()}.values())
        self._be = mask("verbs.be")

    def read(self, text: Text) -> list[Clause]:
        """The sentences of a text with their mentions, the title first; at least one."""
        title, body = text.title, text.text[:MAX_TEXT_CHARACTERS]
        whole = joined(title, body)
        spans = sorted(
            self._spans(self._matcher.hits(whole), self._gazetteer.hits(whole)), key=lambda span: span[0]
        )
        clauses = []
        speaker, silent = "", 0
        at = 0
        for number, sentence in enumerate(split(title, body)):
            within = []
            while at < len(spans) and spans[at][0] < sentence.end:
                if spans[at][0] >= sentence.start:
                    within.append(spans[at])
                at += 1
            clause = self._clause(sentence, number, within)
            self._add_pronouns(clause, speaker)
            clauses.append(clause)
            heard = _spoken_of(clause)
            silent = 0 if heard else silent + 1
            speaker = heard or (speaker if silent < _FORGOTTEN else "")
        return clauses

    def _spans(self, actors: Iterable[Hit], names: Iterable[Hit]) -> list[tuple[int, int, Mention]]:
        spans = []
        covered: set[int] = set()
        for hit in actors:
            if hit.label.startswith("actor:"):
                mention = Mention(
                    hit.label[6:],
                    0,
                    0,
                    person=hit.kind in ("people", "bodies"),
                    adjective=hit.kind == "demonyms",
                    capital=hit.kind == "capitals",
                )
                spans.append((hit.start, hit.end, mention))
                covered.update(range(hit.start, hit.end))
        for hit in names:
            entry = self._gazetteer.entries[hit.label]
            if entry.land_of:
                held = entry.held_by != entry.land_of
                spans.append((hit.start, hit.end, Mention(entry.land_of, 0, 0, land=True, held=held)))
            elif (
                hit.start not in covered
                and entry.key.startswith("name:")
                and self._is_other(entry.acts_for, entry.kind)
            ):
                spans.append((hit.start, hit.end, Mention(OTHER, 0, 0, person=entry.kind == "people")))
        return spans

    def _is_other(self, acts_for: str, kind: str) -> bool:
        return kind in ("states", "bodies") or f"name:{acts_for}" in self._gazetteer.entries

    def _clause(self, sentence: Sentence, number: int, spans: list[tuple[int, int, Mention]]) -> Clause:
        found = list(_WORD.finditer(sentence.text))[:MAX_WORDS]
        words = [one[0].lower().replace("’", "'") for one in found]
        bits = self._lexicon.bits(words)
        starts = [one.start() for one in found]
        ends = [one.end() for one in found]
        groups = [(first, last) for _, first, last, bit in self._lexicon.runs(bits) if bit & self._others]
        clause = Clause(sentence.text, number == 0, number == 1, words, bits, _parts(words))
        taken: set[int] = set()
        for start, end, mention in spans:
            first, last = _words_of(starts, ends, start - sentence.start, end - sentence.start)
            if first > last or last >= len(words):
                continue
            mention.first, mention.last = first, last
            if mention.land:
                clause.land.append(mention)
            else:
                clause.mentions.append(mention)
                taken.update(range(first, last + 1))
        groups += [(at, at) for at, bit in enumerate(bits) if bit & self._others]
        for first, last in groups:
            if not taken.intersection(range(first, last + 1)):
                clause.mentions.append(Mention(OTHER, first, last, named=False))
                taken.update(range(first, last + 1))
        clause.mentions.sort(key=lambda one: one.first)
        clause.mentions = self._merged(clause, [one[0] for one in found])
        for place, mention in enumerate(clause.mentions):
            self._give_role(clause, mention, clause.mentions[place - 1] if place else None)
        _count_lists(clause)
        for mention in clause.land:
            mention.preposition = _preposition(clause.words, mention.first)
        return clause

    def _add_pronouns(self, clause: Clause, speaker: str) -> None:
        """Mentions by "he", "she", and by "it", "they", "we" after "X said"; `speaker`: who was last spoken of before."""
        words, bits = clause.words, clause.bits
        found = []
        for at, word in enumerate(words):
            if word not in _PRONOUNS:
                continue
            said = any(bit & self._say for bit in bits[max(0, at - 3) : at]) or (
                at > 0 and words[at - 1] == "that"
            )
            before = [one for one in clause.mentions if one.last < at]
            teller = next((one for one in reversed(before) if one.says), None)
            if word in _PERSONAL and not before:
                actor = speaker
            elif word in _PERSONAL:
                last = teller or next((one for one in before if one.person or one.head == "speaker"), None)
                actor = last.actor if last else speaker
            else:
                actor = teller.actor if teller and said else ""
            if actor and actor != OTHER:
                found.append(Mention(actor, at, at, named=False, person=True, pronoun=True))
        for mention in found:
            clause.mentions.append(mention)
            self._give_role(clause, mention, None)
        clause.mentions.sort(key=lambda one: one.first)

    def _merged(self, clause: Clause, written: Sequence[str]) -> list[Mention]:
        """ "U.S. President Donald Trump" as one mention: titles or capitals alone stand between the names."""
        merged: list[Mention] = []
        for mention in clause.mentions:
            last = merged[-1] if merged else None
            if (
                last
                and last.actor == mention.actor
                and not written[last.last].endswith(("s'", "s’"))
                and mention.first - last.last <= 6
                and all(
                    clause.bits[at] & self._titles or written[at][0].isupper()
                    for at in range(last.last + 1, mention.first)
                )
            ):
                last.last = mention.last
                last.capital = last.capital and mention.capital
                last.person = last.person or mention.person
                last.adjective = mention.adjective and mention.last + 1 < len(clause.words)
            else:
                merged.append(mention)
        return merged

    def _give_role(self, clause: Clause, mention: Mention, before: Mention | None) -> None:
        words, bits = clause.words, clause.bits
        first, last = mention.first, mention.last
        mention.possessive = words[last].endswith(("'s", "'"))
        mention.preposition = _preposition(words, first)
        mention.maker = words[last].endswith(_MAKERS)
        mention.broker = words[last].endswith(_BROKERS)
        mention.led = words[last].endswith(_LED)
        self._find_head(clause, mention)
        if mention.preposition == "of" and first > 1 and bits[first - 2] & self._heads["speaker"]:
            mention.head = "speaker"  # the president of Russia
        after = last + 1 if mention.head_at < 0 else mention.head_at + 1
        soon = bits[after : after + 4]
        mention.says = (
            any(bit & self._say for bit in bits[after : after + 3])
            or (first > 0 and bool(bits[first - 1] & self._say) and words[first - 1] not in _TELL)
            or words[max(0, first - 2) : first] == ["according", "to"]
        )
        mention.asks = any(bit & self._ask for bit in soon)
        mention.defends = any(bit & self._defend for bit in soon)
        mention.accused = any(bit & self._accuse for bit in bits[max(0, first - 3) : first]) or any(
            bits[at] & self._accuse and bits[at - 1] & self._be
            for at in range(last + 2, min(last + 4, len(words)))
        )
        mention.subject = (
            not mention.preposition
            and (first == 0 or words[first - 1] in _CLAUSE_OPENERS or words[first - 1] in _DETERMINERS)
            and _before_articles(words, first, first) not in _TELL  # told the US envoy
        )
        if before and _side_by_side(words, before, mention):
            before.leads = mention.joined = True
            mention.preposition = mention.preposition or before.preposition
            mention.subject = before.subject
            mention.accused = mention.accused or before.accused
            before.says = before.says or (mention.says and not before.preposition)
            before.asks = before.asks or mention.asks

    def _find_head(self, clause: Clause, mention: Mention) -> None:
        """The noun that the mention qualifies, looked for in the run of words right after it.

        The first noun of a known kind decides ("Moscow refinery attack" is a target), unless it only describes a
        later one ("army base", "drone factory": targets).
        """
        if mention.person and not (mention.adjective or mention.possessive):
            return
        for at in range(mention.last + 1, min(mention.last + 1 + _HEAD_REACH, len(clause.words))):
            word, bit = clause.words[at], clause.bits[at]
            if not word[0].isalnum() or word in PREPOSITIONS:
                break
            if any(other.first <= at <= other.last for other in clause.mentions if other is not mention):
                break
            kind = next((name for name in HEADS if bit & self._heads[name]), "")
            if kind and (mention.head in ("", "force", "speaker") or word in _WORKS):
                mention.head = "target" if word in _WORKS else kind
                mention.head_at = at
            elif mention.head:
                break


HEADS = ("weapon", "force", "speaker", "target", "offer", "talks")
"""Kinds of nouns that a name may qualify, in the order in which a word is asked."""


def _parts(words: Sequence[str]) -> list[int]:
    """The number of each word's part: a semicolon ends what a headline or a summary tells of one thing."""
    parts, part = [], 0
    for word in words:
        part += word == ";"
        parts.append(part)
    return parts


def _spoken_of(clause: Clause) -> str:
    """The actor that "he" in the next sentence means: a person who speaks or acts here; "" if there is none."""
    people = [one for one in clause.mentions if one.person or one.head == "speaker" or one.pronoun]
    for known in ((one for one in people if one.says), (one for one in people if one.subject), people):
        mention = next(iter(known), None)
        if mention:
            return mention.actor
    return ""


def _count_lists(clause: Clause) -> None:
    """How many actors stand side by side with each."""
    for run in side_by_side(clause.mentions):
        size = len({one.actor for one in run})
        for one in run:
            one.listed = size


def side_by_side(mentions: Iterable[Mention]) -> list[list[Mention]]:
    """The mentions by the lists in which they stand, in order; most stand alone."""
    runs: list[list[Mention]] = []
    for mention in mentions:
        if mention.joined and runs:
            runs[-1].append(mention)
        else:
            runs.append([mention])
    return runs


def _side_by_side(words: Sequence[str], before: Mention, mention: Mention) -> bool:
    """Whether two names are members of one list, or of one word ("Trump-Putin")."""
    if mention.first <= before.last:
        return before.actor != mention.actor
    between = words[before.last + 1 : mention.first]
    return 0 < len(between) <= 3 and all(word in _AND or word in _DETERMINERS for word in between)


def _words_of(starts: Sequence[int], ends: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """First and last word of a span of characters; first > last where it has none."""
    first = next((at for at, word_end in enumerate(ends) if word_end > start), len(ends))
    last = first - 1
    while last + 1 < len(starts) and starts[last + 1] < end:
        last += 1
    return first, last


def _preposition(words: Sequence[str], first: int) -> str:
    """The preposition right before word `first`, or before the articles that precede it; "" if none."""
    return PREPOSITIONS.get(_before_articles(words, first, 3), "")


def _before_articles(words: Sequence[str], first: int, reach: int) -> str:
    """The word right before word `first`, or before the articles that precede it; "" if none of the `reach` words
    before `first` is another than an article."""
    for at in range(first - 1, max(-1, first - 1 - reach), -1):
        if words[at] not in _DETERMINERS:
            return words[at]
    return ""
