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
from classifiers.tokens import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, Reader, Tokens, by_length, padded
from classifiers.types import Scored, Text

BATCH_TOKENS = 2_048
"""Tokens a batch, padding included: as fast as larger ones, and a pass stays under 100 MB."""
CHUNK = 512
"""Texts read at a time, so that memory does not grow with the number of texts."""


class OnnxScorer:
    """Implements `classifiers.types.Scorer` with a model folder (the shipped one by default).

    `threads`: CPU threads of a pass. Construction reads and checks the folder and raises ModelError if it is
    missing, damaged, or made for other labels than the taxonomy's. May be shared by threads.
    """

    def __init__(self, taxonomy: Taxonomy, folder: Path = SHIPPED, threads: int = 2) -> None:
        self.folder: ModelFolder = open_model(folder, taxonomy)
        matcher = AliasMatcher(taxonomy)
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
        """Scores of n texts, in order; any text is allowed. Only the first 2,400 characters of each are read.

        A text without a letter or digit has probability 0 for every label, and the embedding of an empty text.
        Raises ModelError if the runtime fails.
        """
        labels = len(self.folder.labels)
        probabilities = np.zeros((len(texts), labels), np.float32)
        evidence = np.zeros((len(texts), labels), np.int32)
        embeddings = np.zeros((len(texts), self.folder.embedding_dim), np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            tokens = self._reader.read(chunk)
            for batch in by_length(tokens, BATCH_TOKENS):
                scores, support, vectors = self._run([tokens[at] for at in batch])
                for row, at in enumerate(batch):
                    embeddings[start + at] = vectors[row]
                    if not _says_something(chunk[at]):
                        continue
                    probabilities[start + at] = scores[row]
                    evidence[start + at] = carrying_sentences(chunk[at], tokens[at], support[row])
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


def carrying_sentences(text: Text, tokens: Tokens, support: NDArray[np.float32]) -> NDArray[np.int32]:
    """For each label the index of the sentence whose tokens add most to it: (k,) from `support` (T, k).

    What speaks against a label does not count, so a long sentence is not held against a short one.
    """
    sentences = split(text.title[:MAX_TITLE_CHARACTERS], text.text[:MAX_TEXT_CHARACTERS])
    starts = np.array([sentence.start for sentence in sentences])
    owner = np.clip(np.searchsorted(starts, tokens.starts, side="right") - 1, 0, None)
    sums = np.zeros((len(sentences), support.shape[1]), np.float32)
    inside = tokens.starts >= 0
    np.add.at(sums, owner[inside], np.maximum(support[: len(owner)][inside], 0))
    strongest: NDArray[np.int32] = sums.argmax(0).astype(np.int32)
    return strongest


def _says_something(text: Text) -> bool:
    return any(map(str.isalnum, text.title[:MAX_TITLE_CHARACTERS])) or any(
        map(str.isalnum, text.text[:MAX_TEXT_CHARACTERS])
    )


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry(
        "session.intra_op.allow_spinning", "0"
    )  # idle threads leave the CPU to others
    return options
