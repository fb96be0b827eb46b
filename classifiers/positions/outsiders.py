"""Who speaks of others' talks, or gives them a roof, without sitting at the table. Pure.

The taxonomy counts a mediator or host as a doer only where it took part itself.
"""

from collections.abc import Iterable

from classifiers.positions.reading import Clause, Mention, side_by_side

_HOSTING = frozenset(
    """host hosts hosted hosting mediate mediates mediated mediating broker brokers brokered brokering facilitate
    facilitates facilitated facilitating arrange arranges arranged arranging""".split()
)
_REACH = 7
"""Words between a name and the verb that makes it the host."""
_PARTIES = 2


def outsiders(clauses: Iterable[Clause]) -> frozenset[str]:
    """The actors that stand outside in every one of the sentences that name them."""
    outside: set[str] = set()
    inside: set[str] = set()
    for clause in clauses:
        here = _outsiders(clause)
        outside |= here
        inside |= {one.actor for one in clause.mentions} - here
    return frozenset(outside - inside)


def _outsiders(clause: Clause) -> set[str]:
    found: set[str] = set()
    for parties in side_by_side(clause.mentions):
        sitting = {one.actor for one in parties}
        between = parties[0].preposition == "between"
        if len(sitting) < _PARTIES or not (between or parties[0].subject):
            continue
        for actor in {one.actor for one in clause.mentions} - sitting:
            own = [one for one in clause.mentions if one.actor == actor]
            if all(_stands_by(clause, one, parties[0].first, between) for one in own):
                found.add(actor)
    return found


def _stands_by(clause: Clause, mention: Mention, start: int, between: bool) -> bool:
    """Whether a name before word `start`, where the parties' names begin, speaks of them or hosts what is between them."""
    if mention.last >= start:
        return False
    words = clause.words[mention.last + 1 : min(start, mention.last + 1 + _REACH)]
    return mention.says or (between and mention.subject and not _HOSTING.isdisjoint(words))
