import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from classifiers.decide import Thresholds
from classifiers.errors import BackendError
from classifiers.tagger import Tagger, load_tagger
from classifiers.taxonomy import load_taxonomy
from classifiers.types import LabelDecision, Position, Scored, Text

TAXONOMY = load_taxonomy("ukraine")
ROOT = Path(__file__).parents[2]


class FixedScorer:
    """Gives every text the same probabilities and remembers what it was asked."""

    name = "fixed"
    model_hash = "fixed-1"

    def __init__(self, **probabilities: float) -> None:
        self._row = np.zeros(len(TAXONOMY.keys), np.float32)
        for label, probability in probabilities.items():
            self._row[TAXONOMY.columns[label.replace("__", ":").replace("_", "-")]] = probability
        self.seen: list[Text] = []

    def score(self, texts: Sequence[Text]) -> Scored:
        self.seen.extend(texts)
        count = len(texts)
        evidence = np.ones((count, len(self._row)), np.int32)
        return Scored(np.tile(self._row, (count, 1)), evidence, np.full((count, 4), 0.5, np.float32))


def test_labels_carry_the_sentence_that_the_scorer_points_to() -> None:
    tagger = Tagger(TAXONOMY, FixedScorer(actor__russia=0.9))
    (tagged,) = tagger.tag([Text("a", "Title", "First sentence. Second sentence.")])
    (decision,) = tagged.labels
    assert decision.sentence == "First sentence." and tagged.backend == "fixed"


def test_evidence_beyond_the_last_sentence_shows_the_last() -> None:
    (tagged,) = Tagger(TAXONOMY, FixedScorer(actor__russia=0.9)).tag([Text("a", "Only a title here", "")])
    assert tagged.labels[0].sentence == "Only a title here"


def test_thresholds_of_the_model_decide() -> None:
    scorer = FixedScorer(actor__russia=0.6, actor__ukraine=0.6, actor__china=0.4)
    strict = {"actor:russia": Thresholds(0.7, 0.5, 0.9)}
    (tagged,) = Tagger(TAXONOMY, scorer, strict).tag([Text("a", "A headline in English", "")])
    assert [decision.label for decision in tagged.labels] == ["actor:ukraine"]
    assert [decision.label for decision in tagged.uncertain] == ["actor:russia", "actor:china"]


def test_other_languages_keep_the_embedding_but_never_the_model_s_labels() -> None:
    scorer = FixedScorer(actor__iran=0.99, development__accepted=0.99)
    (tagged,) = Tagger(TAXONOMY, scorer).tag(
        [Text("a", "Переговоры отложены", "Песков сообщил об этом.", "ru")]
    )
    assert tagged.backend == "aliases" and tagged.embedding is not None
    assert [decision.label for decision in tagged.labels] == ["actor:russia"]


def test_scorer_gets_bounded_texts_without_broken_characters() -> None:
    scorer = FixedScorer()
    Tagger(TAXONOMY, scorer).tag([Text("a", "half \ud83d" + "x" * 9_999, "y" * 999_999)])
    (seen,) = scorer.seen
    assert seen.title.startswith("half \ufffdx") and len(seen.title) == 1_000 and len(seen.text) == 100_000


def test_positions_are_asked_for_english_texts_with_their_decided_labels() -> None:
    class OneForAll:
        def positions(self, text: Text, decided: Sequence[LabelDecision]) -> tuple[Position, ...]:
            assert [decision.label for decision in decided] == ["issue:peace-talks", "development:rejected"]
            return (Position("rejected", ("russia",), (), None, 0.8, text.title),)

    scorer = FixedScorer(development__rejected=0.9, issue__peace_talks=0.9)
    english, russian = Tagger(TAXONOMY, scorer, None, OneForAll()).tag(
        [Text("a", "Moscow says no", ""), Text("b", "Москва отвергла план перемирия", "", "ru")]
    )
    assert [position.by for position in english.positions] == [("russia",)]
    assert russian.positions == ()


def test_a_second_look_judges_developments_with_the_actors_decided() -> None:
    class Doubter:
        content_hash = "doubter-1"

        def second_look(
            self, text: Text, scores: Mapping[str, float], actors: Iterable[str]
        ) -> dict[str, float]:
            assert list(actors) == ["russia"]
            return {**scores, "talks-held": 0.1, "rejected": 0.8}

    scorer = FixedScorer(
        actor__russia=0.9, issue__peace_talks=0.9, development__talks_held=0.9, development__rejected=0.2
    )
    tagger = Tagger(TAXONOMY, scorer, second_looker=Doubter())
    (tagged,) = tagger.tag([Text("a", "Moscow says no", "")])
    assert [decision.label for decision in tagged.labels] == [
        "actor:russia",
        "issue:peace-talks",
        "development:rejected",
    ]
    assert tagged.labels[2].score == pytest.approx(0.8)
    assert tagger.model_hash != Tagger(TAXONOMY, scorer).model_hash


def test_model_hash_follows_thresholds_and_scorer() -> None:
    base = Tagger(TAXONOMY, FixedScorer()).model_hash
    assert base == Tagger(TAXONOMY, FixedScorer()).model_hash
    assert base != Tagger(TAXONOMY, FixedScorer(), {"actor:iran": Thresholds(0.7, 0.5, 0.9)}).model_hash
    assert base != Tagger(TAXONOMY).model_hash


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            Text("ru", "Трамп и Путин провели телефонный разговор", "Они обсудили мирный план.", "ru"),
            {"actor:russia", "actor:united-states", "issue:peace-talks", "development:talks-held"},
        ),
        (
            Text("uk", "Україна погодилася на припинення вогню з Росією", "Про це сказав Сибіга.", "uk"),
            {"actor:ukraine", "actor:russia", "issue:ceasefire-terms", "development:accepted"},
        ),
        (
            Text(
                "ru",
                "На Запорожской АЭС отключена линия",
                "Гросси призвал Россию и Украину к сдержанности.",
                "ru",
            ),
            {"actor:iaea", "issue:zaporizhzhia-plant"},
        ),
        (
            Text("uk", "Україна та Росія провели обмін військовополоненими", "", "uk"),
            {"actor:ukraine", "actor:russia", "issue:prisoners", "development:exchange-carried-out"},
        ),
        (
            Text("pl", "Putin rozmawiał z Trumpem o zawieszeniu broni na Ukrainie w poniedziałek", "", "pl"),
            {"actor:russia", "actor:united-states"},
        ),
    ],
)
def test_names_and_phrases_give_the_plainest_labels(text: Text, expected: set[str]) -> None:
    (tagged,) = Tagger(TAXONOMY).tag([text])
    assert expected <= {decision.label for decision in tagged.labels}
    assert all(decision.reason for decision in tagged.labels)


@pytest.mark.parametrize(
    "text",
    [
        Text("a", "Суд в Лондоне отклонил предложение банка", "Акционеры отвергли план слияния.", "ru"),
        Text("b", "В Україні розпочався сезон яблук", "Ціни в Україні ростуть.", "uk"),
        Text("c", "Хокеїсти провели зустріч у Києві", "Перемир'я між уболівальниками не вийшло.", "uk"),
    ],
)
def test_other_matters_get_no_development(text: Text) -> None:
    (tagged,) = Tagger(TAXONOMY).tag([text])
    assert not [decision for decision in tagged.labels if decision.label.startswith("development:")]


def test_passing_mention_is_uncertain_and_a_place_is_nothing() -> None:
    (tagged,) = Tagger(TAXONOMY).tag(
        [
            Text(
                "a",
                "Погода на тиждень",
                "Дощ прийде з півночі, повідомив французький синоптик, а в Росії сухо.",
                "uk",
            )
        ]
    )
    assert [decision.label for decision in tagged.uncertain] == ["actor:france"]
    assert tagged.labels == ()


def test_unknown_backend_says_which_are_known() -> None:
    with pytest.raises(BackendError, match="onnx, huggingface, zero-shot, aliases"):
        load_tagger("magic")  # type: ignore[arg-type]


def test_huggingface_without_a_model_says_what_to_name() -> None:
    with pytest.raises(BackendError, match="name a local folder"):
        load_tagger("huggingface")


@pytest.mark.parametrize(
    "backend, absent", [("aliases", ["torch", "onnxruntime", "transformers"]), ("onnx", ["torch"])]
)
def test_loading_a_backend_imports_nothing_of_the_others(backend: str, absent: list[str]) -> None:
    code = (
        "import sys\nfrom classifiers.errors import ModelError\nfrom classifiers.tagger import load_tagger\n"
        f"try:\n    load_tagger({backend!r}, threads=1)\nexcept ModelError:\n    pass\n"
        f"print([name for name in {absent} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
