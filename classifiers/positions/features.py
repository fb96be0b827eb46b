"""What the trees see of one (development, actor) of a text: how often, where and in which role the actor is named. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.positions.lexicon import Lexicon
from classifiers.positions.reading import HEADS, OTHER, Clause, Mention

DEVELOPMENTS = (
    "talks-announced", "talks-held", "proposal-made", "accepted", "rejected", "conditions-set", "deal-reached",
    "violation-reported", "attack-reported", "territory-changed", "aid-changed", "sanctions-changed",
    "exchange-carried-out",
)  # fmt: skip
"""What positions are known for, in the order of the columns. Other developments of a taxonomy get no position."""
TALKS = frozenset({"talks-announced", "talks-held"})
"""Developments with parties, which a host or a speaker need not be; the same words tell of both."""

ZONES = ("title", "lead", "rest")
"""The title, the first sentence after it, all others."""

_PREPOSITIONS = ("by", "with", "against", "from", "to", "for", "of", "between", "after", "on")
_BE_REACH = 4
_IRREGULAR = frozenset(
    (
        "hit",
        "struck",
        "shot",
        "sunk",
        "held",
        "met",
        "taken",
        "given",
        "sent",
        "cut",
        "broken",
        "blown",
        "brought",
        "lost",
        "won",
        "sold",
        "freed",
    )
)
ROLES = (
    "subject", "subject_far", "agent", "object", "object_far", "owner", "weapon", "force", "target", "offer",
    "patient", "speaker", "with", "between", "against", "to", "from", "of", "for", "on", "accused", "joined", "negated",
    "before", "after", "clause_subject", "conditional", "talks", "official", "person", "capital", "leads", "asks",
    "defends", "maker", "broker", "adjacent", "near future", "near past", "pair", "reporter", "led", "listed three",
)  # fmt: skip
FACTS = (
    "says",
    "subject",
    "accused",
    "asks",
    "defends",
    "maker",
    "broker",
    "capital",
    "joined",
    "leads",
    "led",
    "pronoun",
)
_COMPARED = (
    *(f"sum {one}" for one in ("before", "subject", "clause_subject", "after", "agent", "object", "owner", "weapon",
                               "target", "with", "between", "speaker", "accused", "patient")),
    "title closeness before", "title closeness after", "lead closeness before", "lead closeness after",
    *(f"land {zone}" for zone in ZONES), *(f"near land {zone}" for zone in ZONES), "sum pair", "sum talks", "sum adjacent",
    "sum near future", "sum near past",
    *(f"evidence {one}" for one in ("mention", "share", "land", "before", "subject", "clause_subject", "agent", "object",
                                    "weapon", "target", "with")),
    "title subject", "title object", "lead subject", "lead object", "share", "mentions", "people", "all target",
    "all weapon", "in trigger sentences",
)  # fmt: skip
"""Columns that also stand there as the lead over the best other actor: who did it is a comparison."""
ACTORS = (
    "ukraine",
    "russia",
    "united-states",
    "european-union",
    "nato",
    "china",
    "united-kingdom",
    "turkey",
    OTHER,
)

ENEMY = {"ukraine": "russia", "russia": "ukraine"}
OF_ENEMY = ("defends", "speaker", "accused", "target", "patient", "object", "before", "weapon")
"""Roles that say more about the enemy of who has them: "Kyiv shot down ten drones" tells of Moscow's attack."""
PRINCIPALS = ("ukraine", "russia", "united-states")
"""Who sits at the table where the text says only that there are three."""


@dataclass(frozen=True, slots=True)
class Question:
    """One development asked about: its id, the ids of all of the text's developments, the actors decided for the
    text (None: not known), and the sentence that the tagger says carries it ("": not known)."""

    development: str
    developments: frozenset[str]
    actors: frozenset[str] | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence that speaks of a development: its index, the words that do, how many words support them, and what
    roles its m mentions have towards them, (m, roles)."""

    at: int
    clause: Clause
    triggers: Sequence[int]
    supports: int
    roles: NDArray[np.float32]


class Features:
    """Makes the arrays; `names` are their columns."""

    def __init__(self, lexicon: Lexicon) -> None:
        mask = lexicon.mask
        self._core = {one: mask(f"triggers.{_group(one)}.core") for one in DEVELOPMENTS}
        self._support = {one: mask(f"triggers.{_group(one)}.support") for one in DEVELOPMENTS}
        self._be, self._negation = mask("verbs.be"), mask("verbs.negation")
        self._condition = mask("verbs.condition")
        self._say = mask("verbs.say")
        self._three = mask("three")
        self._future, self._past = mask("verbs.future"), mask("verbs.past")
        self.names: tuple[str, ...] = (
            *(f"development {one}" for one in DEVELOPMENTS),
            *(f"beside {one}" for one in DEVELOPMENTS),
            *(f"actor {one}" for one in ACTORS),
            "decided", "undecided",
            "mentions", "share", "first", "rank by count", "rank by place", "sentences", "actors", "named", "people",
            "in title", "in lead", "only one", "title actors", "title rank",
            *(f"all {one}" for one in (*FACTS, *_PREPOSITIONS, *HEADS)),
            *(f"land {zone}" for zone in ZONES), *(f"held land {zone}" for zone in ZONES),
            *(f"near land {zone}" for zone in ZONES),
            *(f"{zone} {role}" for zone in ZONES for role in ROLES),
            *(f"evidence {role}" for role in ROLES),
            *(f"sum {role}" for role in ROLES),
            *(f"{zone} closeness {side}" for zone in ZONES for side in ("before", "after")),
            *(f"{zone} triggers" for zone in ZONES),
            "trigger sentences", "in trigger sentences", "best rank", "evidence known", "evidence mention", "evidence share",
            "evidence land", "evidence first", "evidence title",
            "future", "past", "three", "evidence three", "three beside", "principal three",
            *(f"enemy {one}" for one in OF_ENEMY), "enemy land", "enemy evidence defends",
            *(f"lead in {one}" for one in _COMPARED),
        )  # fmt: skip
        self._at = {name: at for at, name in enumerate(self.names)}
        self._role_at = {zone: self._at[f"{zone} {ROLES[0]}"] for zone in ZONES}
        self._evidence_at = self._at[f"evidence {ROLES[0]}"]
        self._sum_at = self._at[f"sum {ROLES[0]}"]
        self._compared = [self._at[name] for name in _COMPARED]

    def candidates(self, clauses: Sequence[Clause], also: Iterable[str] = ()) -> list[str]:
        """The actors that the text names, in order of appearance, then those of `also` that it does not."""
        named = (mention.actor for clause in clauses for mention in clause.mentions)
        land = (mention.actor for clause in clauses for mention in clause.land)
        return list(dict.fromkeys((*named, *land, *also)))

    def told(self, clauses: Sequence[Clause], development: str) -> list[Told]:
        """The sentences that speak of the development, in order."""
        core, support = self._core[development], self._support[development]
        found = []
        for at, clause in enumerate(clauses):
            triggers = [word for word, bits in enumerate(clause.bits) if bits & core]
            if triggers:
                supports = sum(1 for bits in clause.bits if bits & support)
                roles = [self._pairs(clause, mention, triggers) for mention in clause.mentions]
                found.append(
                    Told(at, clause, triggers, supports, np.array(roles, np.float32).reshape(-1, len(ROLES)))
                )
        return found

    def of_three(self, clause: Clause) -> bool:
        """Whether a sentence speaks of three sides."""
        return any(bits & self._three for bits in clause.bits)

    def rows(
        self, clauses: Sequence[Clause], question: Question, actors: Sequence[str], told: Sequence[Told]
    ) -> NDArray[np.float32]:
        """(n, f) for n actors, columns as `names`; `told` is that of the question's development."""
        out = np.zeros((len(actors), len(self.names)), np.float32)
        row_of = {actor: at for at, actor in enumerate(actors)}
        self._globals(out, clauses, question, actors, row_of)
        self._roles(out, told, question, row_of)
        self._evidence(out, clauses, question, told, row_of)
        self._enemies(out, row_of)
        out[:, -len(_COMPARED) :] = out[:, self._compared] - best_other(out[:, self._compared])
        return out

    def trigger(self, development: str) -> int:
        """The bits of the words that speak of the development."""
        return self._core[development]

    def trigger_sentences(self, clauses: Sequence[Clause], development: str) -> list[int]:
        """Indices into `clauses` of the sentences that speak of the development, the strongest first."""
        core, support = self._core[development], self._support[development]
        scored = []
        for at, clause in enumerate(clauses):
            cores = sum(1 for bits in clause.bits if bits & core)
            supports = sum(1 for bits in clause.bits if bits & support)
            if cores:
                scored.append((-(min(cores, 3) + 0.5 * min(supports, 2) + 0.5 * clause.title), at))
        return [at for _, at in sorted(scored)]

    def _globals(
        self,
        out: NDArray[np.float32],
        clauses: Sequence[Clause],
        question: Question,
        actors: Sequence[str],
        row_of: Mapping[str, int],
    ) -> None:
        at = self._at
        out[:, at[f"development {question.development}"]] = 1
        for development in question.developments:
            if development != question.development:
                out[:, at[f"beside {development}"]] = 1
        words_before = 0
        order: list[str] = []
        for clause in clauses:
            zone = _zone(clause)
            seen = set()
            for mention in clause.mentions:
                row = out[row_of[mention.actor]]
                row[at["mentions"]] += 1
                row[at["named"]] += mention.named
                row[at["people"]] += mention.person
                for fact in FACTS:
                    row[at[f"all {fact}"]] += getattr(mention, fact)
                if mention.preposition in _PREPOSITIONS:
                    row[at[f"all {mention.preposition}"]] += 1
                if mention.head:
                    row[at[f"all {mention.head}"]] += 1
                if mention.actor not in seen:
                    seen.add(mention.actor)
                    row[at["sentences"]] += 1
                    if clause.title:
                        row[at["in title"]] = 1
                        row[at["title rank"]] = len(seen)
                    row[at["in lead"]] = max(row[at["in lead"]], clause.lead)
                if mention.actor not in order:
                    order.append(mention.actor)
                    row[at["first"]] = words_before + mention.first
            if clause.title:
                out[:, at["title actors"]] = len(seen)
            for mention in clause.land:
                row = out[row_of[mention.actor]]
                row[at[f"land {zone}"]] += 1
                row[at[f"held land {zone}"]] += mention.held
            words_before += len(clause.words)
        counts = out[:, at["mentions"]]
        out[:, at["share"]] = counts / max(1.0, float(counts.sum()))
        out[:, at["actors"]] = (counts > 0).sum()
        out[:, at["only one"]] = (counts > 0).sum() == 1
        out[:, at["rank by count"]] = [int((counts > count).sum()) for count in counts]
        for actor, row in row_of.items():
            out[row, at["rank by place"]] = order.index(actor) if actor in order else 99
            if actor in ACTORS:
                out[row, at[f"actor {actor}"]] = 1
            if question.actors is not None and actor != OTHER:
                out[row, at["decided" if actor in question.actors else "undecided"]] = 1

    def _roles(
        self,
        out: NDArray[np.float32],
        told: Sequence[Told],
        question: Question,
        row_of: Mapping[str, int],
    ) -> None:
        at = self._at
        strongest: dict[int, float] = {}
        for one in told:
            clause, zone = one.clause, _zone(one.clause)
            out[:, at[f"{zone} triggers"]] += len(one.triggers)
            out[:, at["trigger sentences"]] += 1
            out[:, at["future"]] += sum(1 for bits in clause.bits if bits & self._future)
            out[:, at["past"]] += sum(1 for bits in clause.bits if bits & self._past)
            of_three = self.of_three(clause)
            out[:, at["three"]] += of_three
            strength = len(one.triggers) + 0.5 * one.supports
            for mention, values in zip(clause.mentions, one.roles, strict=True):
                row = row_of[mention.actor]
                start = self._role_at[zone]
                part = out[row, start : start + len(ROLES)]
                np.maximum(part, values, out=part)
                out[row, self._sum_at : self._sum_at + len(ROLES)] += values
                for side, name in ((values[_BEFORE], "before"), (values[_AFTER], "after")):
                    column = at[f"{zone} closeness {name}"]
                    out[row, column] = max(out[row, column], side)
                out[row, at["three beside"]] = max(out[row, at["three beside"]], of_three)
                strongest[row] = max(strongest.get(row, 0.0), strength)
            for actor in {mention.actor for mention in clause.mentions}:
                out[row_of[actor], at["in trigger sentences"]] += 1
            for actor in {mention.actor for mention in clause.land}:
                out[row_of[actor], at[f"near land {zone}"]] += 1
        for actor in PRINCIPALS:
            if actor in row_of:
                out[row_of[actor], at["principal three"]] = out[row_of[actor], at["three"]]
        for row, strength in strongest.items():
            out[row, at["best rank"]] = sum(1 for other in strongest.values() if other > strength)

    def _enemies(self, out: NDArray[np.float32], row_of: Mapping[str, int]) -> None:
        at = self._at
        for actor, enemy in ENEMY.items():
            if actor in row_of and enemy in row_of:
                row, other = out[row_of[actor]], out[row_of[enemy]]
                for role in OF_ENEMY:
                    row[at[f"enemy {role}"]] = other[at[f"sum {role}"]]
                row[at["enemy land"]] = sum(other[at[f"near land {zone}"]] for zone in ZONES)
                row[at["enemy evidence defends"]] = other[at["evidence defends"]]

    def _evidence(
        self,
        out: NDArray[np.float32],
        clauses: Sequence[Clause],
        question: Question,
        told: Sequence[Told],
        row_of: Mapping[str, int],
    ) -> None:
        """What stands in the sentence that the tagger takes the development from."""
        at = self._at
        found = evidence_at(clauses, question.evidence)
        if found < 0:
            return
        clause = clauses[found]
        roles = next((one.roles for one in told if one.at == found), None)
        out[:, at["evidence known"]] = 1
        out[:, at["evidence title"]] = clause.title
        out[:, at["evidence three"]] = self.of_three(clause)
        for place, mention in enumerate(clause.mentions):
            row = out[row_of[mention.actor]]
            row[at["evidence share"]] += 1 / len(clause.mentions)
            if not row[at["evidence mention"]]:
                row[at["evidence first"]] = 1 / (1 + place)
            row[at["evidence mention"]] = 1
            part = row[self._evidence_at : self._evidence_at + len(ROLES)]
            np.maximum(part, self._pairs(clause, mention, ()) if roles is None else roles[place], out=part)
        for mention in clause.land:
            out[row_of[mention.actor], at["evidence land"]] += 1

    def _pairs(self, clause: Clause, mention: Mention, triggers: Sequence[int]) -> NDArray[np.float32]:
        """The roles of one mention towards all triggers of its sentence, 0 or 1 (closeness: 0 to 1)."""
        values = np.zeros(len(ROLES), np.float32)
        words, bits = clause.words, clause.bits
        for trigger in triggers:
            if (
                mention.first <= trigger <= mention.last
                or clause.parts[trigger] != clause.parts[mention.first]
            ):
                continue
            ahead = trigger > mention.last
            low, high = (mention.last, trigger) if ahead else (trigger, mention.first)
            distance = high - low - 1
            between = sum(
                1 for other in clause.mentions
                if other.actor != mention.actor and low < other.first < high
            )  # fmt: skip
            passive = self._passive(clause, trigger)
            closeness = 1 / (1 + distance)
            context = bits[max(0, trigger - 4) : trigger + 4]
            if any(one & self._future for one in context):
                values[_ROLE["near future"]] = max(values[_ROLE["near future"]], closeness)
            if any(one & self._past for one in context):
                values[_ROLE["near past"]] = max(values[_ROLE["near past"]], closeness)
            if ahead:
                values[_BEFORE] = max(values[_BEFORE], closeness)
                plain = not mention.preposition and (not mention.possessive or mention.head == "speaker")
                if plain and not passive:
                    values[0 if not between else 1] = 1
                    values[_ROLE["adjacent"]] = max(values[_ROLE["adjacent"]], distance <= 1)
                    values[_ROLE["clause_subject"]] = max(values[_ROLE["clause_subject"]], mention.subject)
                if plain and between and mention.says:
                    values[_ROLE["reporter"]] = 1
                if plain and passive and not between:
                    values[_ROLE["patient"]] = 1
                if (mention.possessive or mention.adjective or mention.head) and distance <= 3:
                    values[_ROLE["owner"]] = 1
            else:
                values[_AFTER] = max(values[_AFTER], closeness)
                if mention.preposition == "by" or (mention.preposition == "from" and distance <= 6):
                    values[_ROLE["agent"]] = 1
                elif not between:
                    values[_ROLE["object"]] = 1
                else:
                    values[_ROLE["object_far"]] = 1
            window = range(max(0, trigger - 4), min(trigger + 2, len(words)))
            if any(bits[one] & self._negation for one in window):
                values[_ROLE["negated"]] = 1
            if any(bits[one] & self._condition for one in window):
                values[_ROLE["conditional"]] = 1
        if mention.head in ("weapon", "force", "target", "offer"):
            values[_ROLE[mention.head]] = 1
        if mention.preposition in ("with", "between", "against", "to", "from", "of", "for", "on"):
            values[_ROLE[mention.preposition]] = 1
        if mention.head == "talks":
            values[_ROLE["talks"]] = 1
        if mention.head == "speaker":
            values[_ROLE["official"]] = 1
        values[_ROLE["speaker"]] = mention.says
        for fact in (
            "accused",
            "joined",
            "person",
            "capital",
            "leads",
            "asks",
            "defends",
            "maker",
            "broker",
            "led",
        ):
            values[_ROLE[fact]] = getattr(mention, fact)
        values[_ROLE["listed three"]] = mention.listed >= 3
        values[_ROLE["pair"]] = (
            mention.joined or mention.leads or mention.preposition in ("with", "between")
        ) and max(values[_BEFORE], values[_AFTER])
        return values

    def _passive(self, clause: Clause, trigger: int) -> bool:
        word = clause.words[trigger]
        if not (word.endswith("ed") or word in _IRREGULAR):
            return False
        back = range(max(0, trigger - _BE_REACH), trigger)
        if any(clause.bits[at] & self._be and clause.words[at] != "'s" for at in back):
            return True
        return trigger + 1 < len(clause.words) and clause.words[trigger + 1] == "by"


_ROLE = {name: at for at, name in enumerate(ROLES)}
_BEFORE, _AFTER = _ROLE["before"], _ROLE["after"]


def evidence_at(clauses: Sequence[Clause], evidence: str) -> int:
    """The index of the sentence `evidence`; -1 if there is none."""
    return next((at for at, clause in enumerate(clauses) if clause.text == evidence), -1)


def best_other(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """For each entry of an (n, c) array the highest of the other rows in its column; 0 where there is no other."""
    if len(values) < 2:
        return np.zeros_like(values)
    second, top = np.sort(values, axis=0)[-2:]
    best: NDArray[np.float32] = np.where(values == top, second, top)
    return best


def _zone(clause: Clause) -> str:
    return "title" if clause.title else "lead" if clause.lead else "rest"


def _group(development: str) -> str:
    return "talks" if development in TALKS else development
