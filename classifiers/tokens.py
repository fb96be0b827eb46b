"""Texts to the arrays that the encoder reads: tokens, and which of them name a label. The same for training and use.

A text is read in passages of a few sentences, each with the title before it, `[CLS] title [SEP] passage [SEP]`: what
a label rests on is one sentence, and a small encoder finds it better in 100 tokens than in 300. Beside each token
stands the label whose alias covers it, so that "Crosetto" is read as somebody acting for Italy although the
training texts hardly name him.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.sentences import joined, split
from classifiers.types import Text

MAX_TITLE_CHARACTERS = 300
MAX_TEXT_CHARACTERS = 1_600
"""Nothing after these is looked at: what labels were coded from, and it bounds the work for a 10 MB text."""
PASSAGE_CHARACTERS = 450
"""A passage ends before the sentence that would make it longer; a longer sentence is a passage of its own."""


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
    """One passage of T tokens, each array (T,).

    `ids` and `types` are the tokenizer's; `mentions` is 0, or 1 + the column of the label that the token names;
    `starts` is the token's offset in `joined(title, text)`, -1 for the marks between.
    """

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    mentions: NDArray[np.int64]
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """B passages padded to their longest, each array (B, T); `mask` is 1 for a token and 0 for padding."""

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

    def read(self, texts: Sequence[Text]) -> list[list[Tokens]]:
        """The passages of each text, in order, at least one each. Any string is allowed; an empty one has only marks."""
        cut = [bounded(text) for text in texts]
        spans = [passages(title, text) for title, text in cut]
        pairs = [
            (title, text[start:end])
            for (title, text), found in zip(cut, spans, strict=True)
            for start, end in found
        ]
        encodings = iter(self._tokenizer.encode_batch(pairs))
        return [
            [self._tokens(title, text, span, next(encodings)) for span in found]
            for (title, text), found in zip(cut, spans, strict=True)
        ]

    def _tokens(self, title: str, text: str, span: tuple[int, int], encoding: Any) -> Tokens:
        passage = joined(title, text[span[0] : span[1]])
        second = len(title) + 1
        places = [
            (-1, -1) if part is None else (start + part * second, end + part * second)
            for (start, end), part in zip(encoding.offsets, encoding.sequence_ids, strict=True)
        ]
        starts = np.array([start for start, _ in places], np.int64)
        return Tokens(
            ids=np.array(encoding.ids, np.int64),
            types=np.array(encoding.type_ids, np.int64),
            mentions=self._mentions(passage, places),
            starts=np.where(starts >= second, starts + span[0], starts),
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
    """One batch of the given passages (at least one), padded with zeros."""
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


def by_size(texts: Sequence[Sequence[Tokens]], max_batch_tokens: int) -> list[list[int]]:
    """Indices of the texts in batches of like passage length, each at most `max_batch_tokens` with its padding.

    All passages of a text stay in one batch; a text that is too large alone is a batch of its own.
    """
    longest = [max(len(passage.ids) for passage in text) for text in texts]
    batches: list[list[int]] = []
    rows = 0
    for index in sorted(range(len(texts)), key=longest.__getitem__):
        rows += len(texts[index])
        if batches and rows * longest[index] <= max_batch_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
            rows = len(texts[index])
    return batches


def passages(title: str, text: str) -> list[tuple[int, int]]:
    """Start and end in `text` of its passages: whole sentences, at most PASSAGE_CHARACTERS where these allow it."""
    found: list[tuple[int, int]] = []
    offset = len(title) + 1
    for sentence in split(title, text):
        start, end = sentence.start - offset, sentence.end - offset
        if start < 0:
            continue  # the title
        if found and end - found[-1][0] <= PASSAGE_CHARACTERS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found or [(0, 0)]


def bounded(text: Text) -> tuple[str, str]:
    """The part of title and text that is looked at."""
    return text.title[:MAX_TITLE_CHARACTERS], text.text[:MAX_TEXT_CHARACTERS]
