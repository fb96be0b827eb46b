"""Articles by the million, made from distributions and a seed: words by Zipf's law, labels as often as real ones occur.

Used by the benchmarks of search and of the page. Nothing of it comes from real articles.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import numpy as np

from classifiers.types import LabelDecision, Position
from pipeline.query.labels import LabelTable
from pipeline.types import Document, Embedding

START = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 3 * 365
END = START + timedelta(days=DAYS)

ACTORS = {
    "ukraine": 55, "russia": 52, "united-states": 38, "european-union": 14, "nato": 9, "united-kingdom": 9, "france": 6,
    "germany": 7, "poland": 5, "italy": 2, "hungary": 2, "turkey": 4, "saudi-arabia": 2, "united-arab-emirates": 1,
    "qatar": 1, "china": 4, "india": 2, "belarus": 3, "north-korea": 2, "iran": 2, "united-nations": 5, "iaea": 1.5,
    "icrc": 0.5, "holy-see": 0.8,
}  # fmt: skip
ISSUES = {
    "ceasefire-terms": 9, "ceasefire-violations": 2, "peace-talks": 14, "territory": 7, "front-line": 12,
    "air-strikes": 16, "energy-infrastructure": 6, "zaporizhzhia-plant": 1.5, "nuclear-weapons": 3, "black-sea": 3,
    "us-military-aid": 7, "allied-military-aid": 9, "security-guarantees": 6, "nato-membership": 4, "sanctions": 8,
    "prisoners": 3, "humanitarian": 6, "mobilization": 3, "minerals-deal": 2, "accountability": 4, "sabotage": 3,
    "ukraine-politics": 3, "war-other": 5,
}  # fmt: skip
DEVELOPMENTS = {
    "talks-announced": 9, "talks-held": 8, "proposal-made": 4, "accepted": 2, "rejected": 3, "conditions-set": 5,
    "deal-reached": 2, "violation-reported": 1.5, "attack-reported": 24, "territory-changed": 4, "aid-changed": 7,
    "sanctions-changed": 5, "exchange-carried-out": 1.2,
}  # fmt: skip
LABELS = LabelTable(
    {
        "actor": dict.fromkeys(ACTORS, ()),
        "issue": dict.fromkeys(ISSUES, ()),
        "development": dict.fromkeys(DEVELOPMENTS, ()),
        "detail": {},
    }
)
_COMMON = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "said",
    "for",
    "on",
    "that",
    "with",
    "by",
    "as",
    "at",
    "from",
    "it",
    "was",
    "is",
    "an",
    "be",
    "has",
    "war",
    "ukraine",
    "russia",
    "talks",
    "ukrainian",
    "russian",
    "president",
    "attack",
    "drone",
    "kyiv",
    "moscow",
    "ceasefire",
    "peace",
    "forces",
    "military",
    "minister",
    "region",
    "killed",
    "strike",
    "deal",
    "putin",
    "zelensky",
    "trump",
    "envoy",
    "delegation",
    "sanctions",
    "aid",
    "missile",
    "power",
    "plant",
    "energy",
    "grain",
    "prisoners",
    "exchange",
    "truce",
    "nuclear",
    "border",
]
_SYLLABLES = (
    "ka",
    "ro",
    "ven",
    "ti",
    "mar",
    "lo",
    "sen",
    "du",
    "pri",
    "va",
    "ne",
    "gor",
    "li",
    "sta",
    "fe",
    "mon",
)
_VOCABULARY = 60_000
_MODEL = "0" * 64
_DIMENSIONS = 384
_TOPICS = 300


_BLOCK = 1_000
"""Articles from one state of the random numbers."""


class Generator:
    """The n-th article of so many is the same for the same seed, whatever was asked before."""

    def __init__(self, seed: int = 11) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._vectors = np.random.default_rng(seed)
        self._topics = self._vectors.normal(size=(_TOPICS, _DIMENSIONS)).astype(np.float32)
        self.words = [*_COMMON, *(_word(number) for number in range(_VOCABULARY - len(_COMMON)))]
        self._word_weights = list(accumulate(1 / (rank + 3) for rank in range(_VOCABULARY)))
        self._outlets = [_outlet(self._random, number) for number in range(120)]
        self._outlet_weights = list(accumulate(1 / (rank + 4) for rank in range(len(self._outlets))))

    def documents(self, first: int, count: int, total: int) -> Iterator[Document]:
        """Articles number `first` on, of a stream of `total` that spreads over DAYS in order of time, nearly."""
        for number in range(first - first % _BLOCK, first + count):
            if number % _BLOCK == 0:
                self._random = random.Random(f"{self._seed} {number}")
                self._vectors = np.random.default_rng((self._seed, number))
            document = self._document(number, total)
            if number >= first:
                yield document

    def sentence(self, length: int) -> str:
        """Words as often as they occur."""
        return " ".join(self._random.choices(self.words, cum_weights=self._word_weights, k=length))

    def _document(self, number: int, total: int) -> Document:
        rng = self._random
        name, owner, side, control, country, kind, language = rng.choices(
            self._outlets, cum_weights=self._outlet_weights
        )[0]
        seen = START + timedelta(seconds=DAYS * 86_400 * number // total)
        actors, issues = self._labels(ACTORS), self._labels(ISSUES)
        developments = self._labels(DEVELOPMENTS)
        return Document(
            id=f"{number:016x}",
            revision=1,
            title=self.sentence(rng.randrange(6, 14)),
            text=self.sentence(int(min(600, rng.lognormvariate(4.4, 0.7)))),
            url=f"https://example.org/{number}",
            feed=name.lower().replace(" ", "-"),
            outlet=name,
            owner=owner,
            side=side,
            control=control,
            country=country,
            kind=kind,
            form=rng.choices(("report", "live-blog", "round-up", "explainer", "opinion"), (80, 6, 6, 3, 5))[
                0
            ],
            language=language,
            published=seen - timedelta(seconds=int(rng.expovariate(1 / 1800))),
            seen=seen,
            reason="live",
            story=f"s{rng.randrange(max(1, total // 4)):x}",
            copy_of=f"{rng.randrange(number):016x}" if number and rng.random() < 0.15 else None,
            labels=tuple(
                LabelDecision(f"{facet}:{label}", 0.9, 0.5, "yes", True, "")
                for facet, labels in (("actor", actors), ("issue", issues), ("development", developments))
                for label in labels
            ),
            positions=tuple(
                Position(development, tuple(rng.sample(actors, min(len(actors), 1))), (), None, 0.8, "")
                for development in developments
            ),
            names=(),
            places=(),
            embedding=self.embedding(),
        )

    def embedding(self) -> Embedding:
        """A direction near that of one of some hundred topics, as real texts have."""
        vector = self._topics[self._random.randrange(_TOPICS)] + self._vectors.normal(size=_DIMENSIONS)
        return Embedding(_MODEL, (vector / np.linalg.norm(vector)).astype("<f2").tobytes())

    def _labels(self, weights: dict[str, float]) -> list[str]:
        return [label for label, percent in weights.items() if self._random.random() * 100 < percent]


def _word(number: int) -> str:
    letters = []
    number += len(_SYLLABLES)
    while number:
        number, rest = divmod(number, len(_SYLLABLES))
        letters.append(_SYLLABLES[rest])
    return "".join(letters)


def _outlet(rng: random.Random, number: int) -> tuple[str, str, str, str, str, str, str]:
    side = rng.choices(("ukraine", "russia", "third-party"), (30, 20, 50))[0]
    country = {"ukraine": "UA", "russia": "RU"}.get(side) or rng.choice(
        ("US", "GB", "DE", "FR", "PL", "TR", "QA")
    )
    return (
        f"Outlet {number}",
        f"Owner {number // 2}",
        side,
        rng.choice(("state", "public", "private", "exile")),
        country,
        rng.choice(("news", "news", "news", "wire", "government")),
        "en" if rng.random() < 0.8 else {"ukraine": "uk", "russia": "ru"}.get(side, "fr"),
    )
