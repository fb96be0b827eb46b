"""One spelling for many, character for character: what alias and phrase matching compares.

Folding never changes the length of a text, so an offset found in the folded text points into the original.
"""

import unicodedata


def _folding_table() -> dict[int, str]:
    """Accented Latin letters to their base, ё and ґ to plain ones, typographic signs to typewriter ones."""
    table = {}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            table[code] = base.lower()
    table |= {ord(sign): plain for sign, plain in zip("łŁøØđĐıħĦŧŦ", "llooddihhtt", strict=True)}
    table |= dict.fromkeys(map(ord, "ёЁ"), "е") | dict.fromkeys(map(ord, "ґҐ"), "г")
    table |= dict.fromkeys(map(ord, "’‘ʼ′`´＇"), "'") | dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
    return table | dict.fromkeys(map(ord, "\t\n\r\x0b\x0c\x85\u00a0\u2007\u2009\u202f\u2028\u2029"), " ")


_TABLE = _folding_table()


def folded(text: str) -> str:
    """`text` in lower case without accents, of the same length ("Erdoğan" is "erdogan", "Пётр" is "петр")."""
    return text.translate(_TABLE).lower()
