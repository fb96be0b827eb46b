"""Deal the feeds that are due into shards that processes poll side by side. Pure.

A registered domain stays whole in one shard: the rest between two requests to it is then kept inside one process.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.fetch.pacing import registered_domain


@dataclass(frozen=True, slots=True)
class Shard:
    """Feeds, by name, that one process polls. `title` names it for people: its domains, the largest first."""

    title: str
    feeds: tuple[str, ...]


TITLE_DOMAINS = 3
"""Domains named in a title; the others are counted."""


def deal(addresses: Mapping[str, str], shards: int) -> list[Shard]:
    """Deal feeds (name: address) into at most `shards` shards, none of them empty.

    The largest domain goes first, each to the shard that has fewest feeds: a domain's feeds wait for each other, so
    their number is what a shard takes. The same feeds are dealt alike each time.
    """
    domains: defaultdict[str, list[str]] = defaultdict(list)
    for name, url in addresses.items():
        domains[registered_domain(url)].append(name)
    dealt: list[list[str]] = [[] for _ in range(max(1, shards))]
    load = [0] * len(dealt)
    for domain in sorted(domains, key=lambda each: (-len(domains[each]), each)):
        lightest = load.index(min(load))
        dealt[lightest].append(domain)
        load[lightest] += len(domains[domain])
    return [
        Shard(_title(mine), tuple(sorted(name for domain in mine for name in domains[domain])))
        for mine in dealt
        if mine
    ]


def _title(domains: list[str]) -> str:
    named = ", ".join(domain or "files" for domain in domains[:TITLE_DOMAINS])
    more = len(domains) - TITLE_DOMAINS
    return f"{named} and {more} more" if more > 0 else named
