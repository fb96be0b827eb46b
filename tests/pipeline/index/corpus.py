"""A corpus with everything in it that search can trip over, made from a seed: the same articles every time."""

import random
from datetime import UTC, datetime, timedelta

from classifiers.types import LabelDecision, Position
from pipeline.query.labels import LabelTable
from pipeline.types import Document

START = datetime(2025, 1, 30, 21, 0, tzinfo=UTC)
NOW = datetime(2025, 3, 31, 12, 0, tzinfo=UTC)

LABELS = LabelTable(
    {
        "actor": {
            "ukraine": ["Kyiv", "Україна"],
            "russia": ["Moscow", "the Kremlin", "Россия"],
            "united-states": ["us", "U.S.", "United States", "Washington"],
            "european-union": ["EU"],
            "turkey": ["Türkiye"],
            "iaea": [],
        },
        "issue": {
            "ceasefire-terms": ["truce terms"],
            "zaporizhzhia-plant": ["znpp", "ZAES"],
            "prisoners": ["POWs"],
            "black-sea": [],
            "us-military-aid": [],
            "war-other": [],
        },
        "development": {
            "accepted": ["agreed"],
            "rejected": ["refused"],
            "talks-announced": [],
            "talks-held": [],
            "deal-reached": ["deal"],
            "attack-reported": [],
        },
        "detail": {"planned": [], "called-off": [], "concluded": [], "ended": []},
    }
)

OUTLETS = (
    ("Kyiv Courier", "Courier Media", "ukraine", "private", "UA", "news", "en"),
    ("The Moscow Bulletin", "State Press Holding", "russia", "state", "RU", "wire", "en"),
    ("Вісник", "Courier Media", "ukraine", "public", "UA", "news", "uk"),
    ("Берег", "Bereg e.V.", "russia", "exile", "LV", "news", "ru"),
    ("Gazeta Łódzka", "Łódź Press", "third-party", "private", "PL", "news", "pl"),
    ("Office of the Envoy", "Envoy", "third-party", "state", "US", "official-channel", "en"),
    ("Straße & Markt", "S&M", "third-party", "private", "DE", "opinion", "de"),
)
FORMS = ("report", "live-blog", "round-up", "explainer", "opinion", "transcript")
DETAILS = {"talks-announced": ("planned", "called-off"), "deal-reached": ("concluded", "ended")}

SENTENCES = (
    "Envoys met in Istanbul for a second round of talks on a thirty-day truce.",
    "The U.S. said it would pause aid; US officials gave no date.",
    "Kyiv's delegation refused the terms, a spokesman for Zelenskyy said.",
    "Kiev and Moscow traded 1,000 prisoners; 1000 more are to follow.",
    "A power line to the Zaporizhzhya plant was cut, and the power lines near it are down.",
    "Cease-fire monitors counted 3.5 breaches a day, the cease fire notwithstanding.",
    "The ceasefire holds, the Kremlin’s spokesman said — for now.",
    "Жителі Києва чекають на перемир'я; обʼєднання сил триває.",
    "Москва отвергла предложение Киева, сообщил Песков в ёлочном павильоне.",
    "Rozejm w Łodzi: żołnierze wracają, mówi rzecznik.",
    "Die Waffenruhe hält, sagte der Außenminister auf der Straße.",
    "L’Élysée s’est félicité d’une trêve de 30 jours.",
    "Ｆｕｌｌ－ｗｉｄｔｈ ５０ reports arrived from the agency.",
    "停火协议在伊斯坦布尔签署。",
    "El alto el fuego de 30 días empezó en la costa del mar Negro.",
    "He rejects the plan; rejecting it again would be a third rejection.",
    "To be or not to be at war: the and of an in on.",
    "An e-mail from O'Brien & Co. cites a 2025-03-18 call at 5 p.m.",
    "Ships left Odessa on the Black Sea as drones hit Kharkov.",
    "The agreement was not signed, the guns did not fall silent.",
)
NAMES = (
    "Volodymyr Zelenskyy",
    "Vladimir Putin",
    "Donald Trump",
    "Rafael Grossi",
    "Sergei Lavrov",
    "Ruslan Umerov",
)
TAGS = {
    "story-3": ("Prisoner swap", "watch"),
    "story-7": ("watch",),
    "story-9": ("Кур'єр", "the swap"),
}
"""What analysts called some stories."""
PLACES = ("Kyiv", "Istanbul", "Jeddah", "Enerhodar", "Black Sea", "Sea of Azov")


def documents(count: int, seed: int = 7) -> list[Document]:
    """`count` articles over sixty days; each of them is made of the rows above."""
    rng = random.Random(seed)
    return [_document(rng, number) for number in range(count)]


def _document(rng: random.Random, number: int) -> Document:
    outlet, owner, side, control, country, kind, language = rng.choice(OUTLETS)
    published = START + timedelta(
        minutes=rng.randrange(60 * 24 * 60), milliseconds=rng.choice((0, 0, 0, 250))
    )
    story = f"story-{rng.randrange(40)}"
    return Document(
        id=f"a{number:05d}",
        revision=rng.randrange(1, 5),
        title=rng.choice(SENTENCES).rstrip("."),
        text=" ".join(rng.sample(SENTENCES, rng.randrange(0, 5))),
        url=f"https://example.org/{number}",
        feed=outlet.lower().replace(" ", "-"),
        outlet=outlet,
        owner=owner,
        side=side,
        control=control,
        country=country,
        kind=kind,
        form=rng.choice(FORMS),
        language=language,
        published=published.replace(second=0) if number % 3 else published.replace(hour=0, minute=0),
        seen=published + timedelta(minutes=rng.randrange(0, 300)),
        reason="live",
        story=story,
        thread=f"thread-{rng.randrange(6)}" if rng.random() < 0.4 else None,
        copy_of=f"a{rng.randrange(number):05d}" if number and rng.random() < 0.2 else None,
        labels=_labels(rng, "yes"),
        uncertain=_labels(rng, "uncertain") if rng.random() < 0.2 else (),
        positions=tuple(_position(rng) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))),
        names=tuple(rng.sample(NAMES, rng.randrange(0, 3))),
        places=tuple(rng.sample(PLACES, rng.randrange(0, 3))),
        tags=TAGS.get(story, ()),
        corrected=rng.random() < 0.05,
        disputed=rng.random() < 0.05,
    )


def _labels(rng: random.Random, decision: str) -> tuple[LabelDecision, ...]:
    chosen = [
        f"{facet}:{label}"
        for facet in ("actor", "issue", "development")
        for label in rng.sample(LABELS.ids(facet), rng.randrange(0, 3))
    ]
    return tuple(LabelDecision(label, 0.8, 0.5, decision, False, "") for label in chosen)  # type: ignore[arg-type]


def _position(rng: random.Random) -> Position:
    development = rng.choice(LABELS.ids("development"))
    actors = (*LABELS.ids("actor"), "other")
    return Position(
        development,
        tuple(rng.sample(actors, rng.choice((0, 1, 1, 1, 2)))),
        tuple(rng.sample(actors, rng.choice((0, 0, 1)))),
        rng.choice((*DETAILS.get(development, (None,)), None)),
        0.9,
        "",
    )
