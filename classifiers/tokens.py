"""Texts to the arrays that the encoder reads: tokens, and which of them name a label. The same for training and use.

A text becomes `[CLS] title [SEP] text [SEP]`. Beside each token stands the label whose alias covers it, so that
"Crosetto" is read as somebody acting for Italy although the training texts hardly name him.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.sentences import joined
from classifiers.types import Text

MAX_TITLE_CHARACTERS = 400
MAX_TEXT_CHARACTERS = 2_400
"""Nothing after these is looked at: far more than `max_tokens` hold, and it bounds the work for a 10 MB text."""


class Mention(Protocol):
    """A place where a label is named: `label` is "facet:id", `start` and `end` index the joined text."""

    @property
    def label(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


FindMentions = Callable[[str], Iterable[Mention]]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text of T tokens, each array (T,).

    `ids` and `types` are the tokenizer's; `mentions` is 0, or 1 + the column of the label that the token names;
    `starts` is the token's offset in `joined(title, text)`, -1 for the marks between.
    """

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    mentions: NDArray[np.int64]
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """B texts padded to their longest, each array (B, T); `mask` is 1 for a token and 0 for padding."""

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    mentions: NDArray[np.int64]
    mask: NDArray[np.int64]


class Reader:
    """Turns texts into tokens.

    `tokenizer` is a `tokenizers.Tokenizer` of the BERT kind, `columns` maps "facet:id" to its column, and
    `find_mentions` gives the places where labels are named (none: no token is marked).
    """

    def __init__(
        self,
        tokenizer: Any,
        max_tokens: int,
        columns: dict[str, int],
        find_mentions: FindMentions | None = None,
    ) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens, strategy="longest_first")
        self._tokenizer = tokenizer
        self._columns = columns
        self._find_mentions = find_mentions

    def read(self, texts: Sequence[Text]) -> list[Tokens]:
        """The tokens of each text, in order. Any string is allowed; an empty one has only the marks."""
        pairs = [_bounded(text) for text in texts]
        encodings = self._tokenizer.encode_batch(pairs)
        return [self._tokens(pair, encoding) for pair, encoding in zip(pairs, encodings, strict=True)]

    def _tokens(self, pair: tuple[str, str], encoding: Any) -> Tokens:
        second = len(pair[0]) + 1
        spans = [
            (-1, -1) if part is None else (start + part * second, end + part * second)
            for (start, end), part in zip(encoding.offsets, encoding.sequence_ids, strict=True)
        ]
        return Tokens(
            ids=np.array(encoding.ids, np.int64),
            types=np.array(encoding.type_ids, np.int64),
            mentions=self._mentions(joined(*pair), spans),
            starts=np.array([start for start, _ in spans], np.int64),
        )

    def _mentions(self, text: str, spans: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
        marks = np.zeros(len(spans), np.int64)
        if self._find_mentions is None:
            return marks
        starts = np.array([start for start, _ in spans])
        ends = np.array([end for _, end in spans])
        for mention in self._find_mentions(text):
            column = self._columns.get(mention.label)
            if column is not None:
                marks[(starts >= 0) & (starts < mention.end) & (ends > mention.start)] = column + 1
        return marks


def padded(tokens: Sequence[Tokens]) -> Batch:
    """One batch of the given texts (at least one), padded with zeros."""
    longest = max(len(one.ids) for one in tokens)

    def stack(rows: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
        out = np.zeros((len(tokens), longest), np.int64)
        for into, row in zip(out, rows, strict=True):
            into[: len(row)] = row
        return out

    return Batch(
        ids=stack(one.ids for one in tokens),
        types=stack(one.types for one in tokens),
        mentions=stack(one.mentions for one in tokens),
        mask=stack(np.ones_like(one.ids) for one in tokens),
    )


def by_length(tokens: Sequence[Tokens], max_batch_tokens: int) -> list[list[int]]:
    """Indices of the texts in batches of like length, each at most `max_batch_tokens` with its padding."""
    batches: list[list[int]] = []
    for index in sorted(range(len(tokens)), key=lambda at: len(tokens[at].ids)):
        length = len(tokens[index].ids)
        if batches and (len(batches[-1]) + 1) * length <= max_batch_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _bounded(text: Text) -> tuple[str, str]:
    return text.title[:MAX_TITLE_CHARACTERS], text.text[:MAX_TEXT_CHARACTERS]
