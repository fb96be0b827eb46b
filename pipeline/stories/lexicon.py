"""The shipped list of news words: which word of which language stands for which concept.

The encoder reads English; for a Polish or Ukrainian text its vector says little. What such texts share with English
ones is names, numbers and the few hundred words that carry events (dam, earthquake, verdict …): these.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.query import fold

LANGUAGES = ("en", "pl", "cyrillic", "de")
"""Columns of the file, in order. Ukrainian and Russian share one: a word of either is understood in both."""

_POLISH = (
    "a e i o u y ie em om ow am ami ach owi iem ego iego emu iemu ej iej ych ich ymi imi ym im mi ia iu io iach iami iom "
    "ze rze ce c l la lo li ly ac al ala alo ali aly ana ane any ano ani anie ania aniu aniem one ony ona ono eni enie "
    "enia eniu eniem il ila ilo ili ily yl yla ylo yli yly i ja je ji ju ja ka ki ke ko ku k na ne ny nych nym nymi nego "
    "nej ni nie sk ska ski skie skiego skiej skich skim ska cy czy owy owa owe owego owej owych owym owcy owca owcow "
    "stwo stwa stwie stwem ow ia iz z"
).split()
_CYRILLIC = (
    "а я и і ї й ы у ю е є о ь ом ем єм ою ею єю ам ям ами ями ах ях ов ев ів їв ей ій ий ый ая яя ое ее ого его ому ему "
    "ої ої ой им ым ими ыми их ых ую юю ія ии ії ию ією ии іі ка ки ку ці ці к ку н на не ни но ні ный ний ная ные ных "
    "ати ать ив ила или ил ив іть ти ть в ла ли ло ся сь ння ение ения ению енні ання нням ен ена ено ени ены ський ська "
    "ські ського ской ский ских ського и"
).split()
_GERMAN = "e n s en er es em t te ten st et ung ungen lich licher liche lichen isch ische ischen ischer d d de den".split()

ENDINGS: Mapping[str, frozenset[str]] = {
    "pl": frozenset(_POLISH),
    "cyrillic": frozenset(_CYRILLIC),
    "de": frozenset(_GERMAN),
}
LONGEST_ENDING = 6


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words to concepts. `stems` match with any inflection ending of their language, `whole` only as they stand."""

    stems: Mapping[str, Mapping[str, tuple[str, ...]]]
    whole: Mapping[str, Mapping[str, tuple[str, ...]]]

    def concepts(self, token: str, language: str) -> tuple[str, ...]:
        """The concepts that a folded token stands for in a language of LANGUAGES; () for a word that is not listed."""
        whole = self.whole[language].get(token)
        if whole is not None:
            return whole
        if language == "en":
            return self.stems["en"].get(fold.stem(token), ())
        stems, endings = self.stems[language], ENDINGS[language]
        for cut in range(min(LONGEST_ENDING, len(token) - 2) + 1):
            end = len(token) - cut
            if (not cut or token[end:] in endings) and token[:end] in stems:
                return stems[token[:end]]
        return ()


@cache
def shipped() -> Lexicon:
    """The list that comes with the program."""
    return parse(files("pipeline.stories").joinpath("lexicon.txt").read_text(encoding="utf-8").splitlines())


def parse(lines: Iterable[str]) -> Lexicon:
    """Read the list; the file's own head says how it is written."""
    stems: dict[str, dict[str, tuple[str, ...]]] = {language: {} for language in LANGUAGES}
    whole: dict[str, dict[str, tuple[str, ...]]] = {language: {} for language in LANGUAGES}
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        columns = [column.split() for column in line.split("|")]
        concept = columns[0][0]
        if "-" in concept:  # a made-up name for the concept, not an English word of it
            del columns[0][0]
        for language, words in zip(LANGUAGES, columns, strict=False):
            for word in (variant for written in words for variant in _variants(written)):
                target = whole if word.endswith("!") else stems
                for token in fold.tokens(word.removesuffix("!")):
                    key = fold.stem(token) if language == "en" and target is stems else token
                    known = target[language].get(key, ())
                    if concept not in known:
                        target[language][key] = (*known, concept)
    return Lexicon(stems, whole)


def _variants(word: str) -> list[str]:
    """`tam[ay]` is tama and tamy."""
    found = re.fullmatch(r"([^\[]*)\[([^\]]+)\](.*)", word)
    return [f"{found[1]}{letter}{found[3]}" for letter in found[2]] if found else [word]
