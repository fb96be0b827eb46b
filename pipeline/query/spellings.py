"""Spellings that are one word to an analyst. Data for `fold`: left side and right side are folded tokens.

Ukrainian places stand under their Ukrainian names as English writes them; people under the commonest English form.
"""

from collections.abc import Mapping

_VARIANTS: Mapping[str, str] = {
    # places
    "kyiv": "kiev kyjiv kiew kijow kyyiv",
    "kharkiv": "kharkov charkiw charkow charkiv",
    "odesa": "odessa",
    "lviv": "lvov lwiw lwow lemberg",
    "mykolaiv": "nikolaev nikolayev mykolayiv mikolaiv",
    "luhansk": "lugansk",
    "donbas": "donbass",
    "chornobyl": "chernobyl tschernobyl",
    "chernihiv": "chernigov",
    "vinnytsia": "vinnitsa vinnytsya",
    "zaporizhzhia": "zaporozhye zaporizhia zaporizhzhya zaporozhzhia zaporizhya zaporozhia zaporizzhia zaporozhe",
    "dnipro": "dnieper dnepr dnipr",
    "kryvyi": "krivoy kryvyy krivoi",
    "kropyvnytskyi": "kropyvnytskyy kropivnitsky kropyvnytsky",
    "khmelnytskyi": "khmelnytskyy khmelnitsky khmelnytsky",
    "bakhmut": "artyomovsk artemovsk artemivsk",
    "pokrovsk": "krasnoarmeysk krasnoarmeisk",
    "enerhodar": "energodar",
    "sievierodonetsk": "severodonetsk syevyerodonetsk",
    "ukraine": "ukraina",
    "turkey": "turkiye",
    # people
    "zelensky": "zelenskyy zelenskiy zelenskyi zelenski zelenskij selenskyj selenski",
    "volodymyr": "vladimyr",
    "yermak": "ermak jermak",
    "sybiha": "sibiga sybiga",
    "syrskyi": "syrsky syrskyy syrskiy sirskyi",
    "umerov": "umierov",
    "lukashenko": "lukashenka lukaschenko",
    "medinsky": "medinskiy medinskij medinski",
    "zaluzhny": "zaluzhnyi zaluzhnyy zaluzhniy",
    "shmyhal": "shmygal",
    "svyrydenko": "sviridenko svyridenko",
    "zakharova": "sakharova sacharowa",
    "navalny": "navalniy nawalny navalnyj",
    "prigozhin": "prigoschin prighozin",
    "putin": "putyn poutine",
    "lavrov": "lawrow",
    "shoigu": "shoygu schoigu",
    "gerasimov": "gerassimow",
    "erdogan": "erdoghan",
    # words
    "organization": "organisation",
    "organize": "organise",
    "mobilization": "mobilisation",
    "mobilize": "mobilise",
    "demilitarization": "demilitarisation",
    "demilitarized": "demilitarised",
    "denazification": "denazifikation",
    "defense": "defence",
    "recognize": "recognise",
    "recognized": "recognised",
    "neutralize": "neutralise",
    "neutralized": "neutralised",
    "center": "centre",
    "program": "programme",
    "programs": "programmes",
}

VARIANT: Mapping[str, str] = {
    variant: name for name, variants in _VARIANTS.items() for variant in variants.split() if variant != name
}
"""Folded token -> the token it is searched as."""

COMPOUNDS: frozenset[tuple[str, str]] = frozenset(
    {
        ("cease", "fire"), ("cease", "fires"), ("air", "strike"), ("air", "strikes"), ("counter", "offensive"),
        ("counter", "offensives"), ("counter", "attack"), ("counter", "attacks"), ("peace", "keeper"),
        ("peace", "keepers"), ("peace", "keeping"), ("co", "operation"), ("co", "operate"), ("e", "mail"),
        ("de", "escalation"), ("de", "escalate"), ("war", "head"), ("war", "heads"), ("battle", "field"),
    }
)  # fmt: skip
"""Pairs that are one word where a hyphen joins them (cease-fire, ceasefire). Two words with a space stay two."""
