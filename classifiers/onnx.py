"""The default backend: the shipped model through onnxruntime, without torch.

One pass gives the labels' probabilities, what each token adds to each label (which shows the sentence that carries
it), and the embedding. Texts go through in batches of like length, so that little is padded.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifiers.aliases import AliasMatcher
from classifiers.errors import ModelError
from classifiers.model_folder import ONNX, SHIPPED, TOKENIZER, ModelFolder, open_model
from classifiers.sentences import split
from classifiers.taxonomy import Taxonomy
from classifiers.tokens import Reader, Tokens, bounded, by_size, padded
from classifiers.types import Scored, Text

BATCH_TOKENS = 512
"""Tokens a batch, padding included: states of so many fit in a core's cache, which is worth a tenth of the time."""
CHUNK = 512
"""Texts read at a time, so that memory does not grow with the number of texts."""


class OnnxScorer:
    """Implements `classifiers.types.Scorer` with a model folder (the shipped one by default).

    `threads`: CPU threads of a pass. `matcher`: the taxonomy's, if there is one already. Construction reads and checks the folder and raises ModelError if it is
    missing, damaged, or made for other labels than the taxonomy's. May be shared by threads.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        folder: Path = SHIPPED,
        threads: int = 2,
        matcher: AliasMatcher | None = None,
    ) -> None:
        self.folder: ModelFolder = open_model(folder, taxonomy)
        matcher = matcher or AliasMatcher(taxonomy)
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / ONNX), _options(threads), providers=["CPUExecutionProvider"]
            )
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as problem:
            raise ModelError(
                folder, f"it cannot be loaded: {problem}", "reinstall onnxruntime 1.20 or newer"
            ) from problem
        self._reader = Reader(tokenizer, self.folder.max_tokens, dict(taxonomy.columns), matcher.hits)

    @property
    def name(self) -> str:
        return "onnx"

    @property
    def model_hash(self) -> str:
        return self.folder.hash

    def score(self, texts: Sequence[Text]) -> Scored:
        """Scores of n texts, in order; any text is allowed. Only the first 1,600 characters of each are read.

        A text without a letter or digit has probability 0 for every label, and the embedding of an empty text.
        Raises ModelError if the runtime fails.
        """
        labels = len(self.folder.labels)
        probabilities = np.zeros((len(texts), labels), np.float32)
        evidence = np.zeros((len(texts), labels), np.int32)
        embeddings = np.zeros((len(texts), self.folder.embedding_dim), np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            read = self._reader.read(chunk)
            for batch in by_size(read, BATCH_TOKENS):
                outputs = self._run([passage for at in batch for passage in read[at]])
                begin = 0
                for at in batch:
                    rows = slice(begin, begin := begin + len(read[at]))
                    scores, support, vectors = (output[rows] for output in outputs)
                    embeddings[start + at] = vectors[0]
                    if _says_something(chunk[at]):
                        probabilities[start + at] = scores.max(0)
                        evidence[start + at] = carrying_sentences(chunk[at], read[at], scores, support)
        return Scored(probabilities, evidence, embeddings)

    def _run(self, tokens: Sequence[Tokens]) -> tuple[NDArray[np.float32], ...]:
        batch = padded(tokens)
        inputs = {"ids": batch.ids, "types": batch.types, "mentions": batch.mentions, "mask": batch.mask}
        try:
            outputs = self._session.run(["probabilities", "support", "embedding"], inputs)
        except Exception as problem:
            raise ModelError(
                self.folder.path, f"it cannot be run: {problem}", "check the memory, then report it"
            ) from problem
        return tuple(np.asarray(output, np.float32) for output in outputs)


def carrying_sentences(
    text: Text, passages: Sequence[Tokens], scores: NDArray[np.float32], support: NDArray[np.float32]
) -> NDArray[np.int32]:
    """For each label the index of the sentence that carries it: (k,) from `scores` (P, k) and `support` (P, T, k).

    It is in the passage that scores highest for the label, and there the one whose tokens add most to it. What
    speaks against a label does not count, so a long sentence is not held against a short one.
    """
    sentences = split(*bounded(text))
    starts = np.array([sentence.start for sentence in sentences])
    strongest = np.zeros(scores.shape, np.int32)
    for row, (tokens, adds) in enumerate(zip(passages, support, strict=True)):
        inside = tokens.starts >= 0
        owner = np.clip(np.searchsorted(starts, tokens.starts[inside], side="right") - 1, 0, None)
        sums = np.zeros((len(sentences), scores.shape[1]), np.float32)
        np.add.at(sums, owner, np.maximum(adds[: len(tokens.starts)][inside], 0))
        strongest[row] = sums.argmax(0)
    chosen: NDArray[np.int32] = np.take_along_axis(strongest, scores.argmax(0)[None], axis=0)[0]
    return chosen


def _says_something(text: Text) -> bool:
    return any(character.isalnum() for part in bounded(text) for character in part)


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry(
        "session.intra_op.allow_spinning", "0"
    )  # idle threads leave the CPU to others
    return options
