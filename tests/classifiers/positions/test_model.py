"""The parts below the finder: words, trees, the model's files, assembling."""

import json
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from classifiers.errors import ModelError
from classifiers.positions.assemble import Candidates, Support, drafts
from classifiers.positions.features import Features
from classifiers.positions.lexicon import Lexicon, load_lexicon
from classifiers.positions.model import Bounds, load_model
from classifiers.positions.sayings import SayingFeatures, Sayings, summary
from classifiers.positions.trees import LEAF, Trees

BOUNDS = Bounds(sure=0.5, best=0.3, second=0.3, against=0.4)


def candidates(development: str, by: dict[str, float], against: dict[str, float] | None = None) -> Candidates:
    against = against or {}
    return Candidates(
        development,
        list(by),
        np.array(list(by.values())),
        np.array([against.get(actor, 0.0) for actor in by]),
    )


def test_a_lexicon_knows_words_and_runs_of_words() -> None:
    lexicon = Lexicon({"verbs": {"say": "sa(?:y|id)|spoke out", "no": ["not at all"]}}, "")
    bits = lexicon.bits(["he", "spoke", "out", "and", "said", "not", "at", "all"])
    say, no = lexicon.mask("verbs.say"), lexicon.mask("verbs.no")
    assert [bool(bit & say) for bit in bits] == [False, True, False, False, True, False, False, False]
    assert [at for at, bit in enumerate(bits) if bit & no] == [5]


def test_an_unknown_group_is_an_error() -> None:
    with pytest.raises(ValueError):
        load_lexicon().mask("verbs.nothing")


def test_trees_add_up_their_leaves() -> None:
    # One tree: column 1 <= 0.5 gives -1, else 2; and one that is a single leaf of 1.
    trees = Trees(
        np.array([0, 3], np.int32), np.array([1, 0, 0, 0], np.int16), np.array([0.5, -1, 2, 1], np.float32),
        np.array([1, LEAF, LEAF, LEAF], np.int32), np.array([2, LEAF, LEAF, LEAF], np.int32), 1,
    )  # fmt: skip
    found = trees.probabilities(np.array([[9, 0.5], [9, 0.6]], np.float32))
    assert found == pytest.approx([0.5, 1 / (1 + np.exp(-3))])
    assert trees.probabilities(np.zeros((0, 2), np.float32)).shape == (0,)


def test_participants_of_talks_stand_in_one_position() -> None:
    (draft,) = drafts(candidates("talks-held", {"russia": 0.9, "ukraine": 0.8, "turkey": 0.1}), BOUNDS)
    assert draft.by == ("russia", "ukraine")
    assert draft.score == pytest.approx(0.85)


def test_nobody_talks_alone_if_a_second_is_likely() -> None:
    (draft,) = drafts(candidates("talks-held", {"russia": 0.9, "ukraine": 0.35}), BOUNDS)
    assert draft.by == ("russia", "ukraine")
    (alone,) = drafts(candidates("talks-held", {"russia": 0.9, "ukraine": 0.2}), BOUNDS)
    assert alone.by == ("russia",)


def test_each_attacker_has_a_position_and_never_attacks_itself() -> None:
    both = candidates("attack-reported", {"russia": 0.9, "ukraine": 0.8}, {"russia": 0.9, "ukraine": 0.95})
    assert [(one.by, one.against) for one in drafts(both, BOUNDS)] == [
        (("russia",), ("ukraine",)),
        (("ukraine",), ("russia",)),
    ]


def test_unclear_is_an_answer() -> None:
    (draft,) = drafts(
        candidates("attack-reported", {"russia": 0.1, "ukraine": 0.05}, {"ukraine": 0.9}), BOUNDS
    )
    assert (draft.by, draft.against) == ((), ("ukraine",))
    assert draft.score == pytest.approx(0.9)
    assert drafts(candidates("rejected", {}), BOUNDS)[0].by == ()


def test_where_three_talk_a_likely_third_is_enough() -> None:
    likely = {"russia": 0.9, "united-states": 0.8, "ukraine": 0.4, "turkey": 0.4}
    two = candidates("talks-held", likely)
    three = Candidates(two.development, two.actors, two.by, two.against, of_three=True)
    assert [one.by for one in drafts(two, BOUNDS)] == [("russia", "united-states")]
    assert [one.by for one in drafts(three, BOUNDS)] == [("russia", "united-states", "ukraine")]


def sayings(*pairs: tuple[int, int]) -> Sayings:
    """Pairs of (sentence, actor)."""
    return Sayings(
        np.array([sentence for sentence, _ in pairs], np.int32),
        np.array([actor for _, actor in pairs], np.int32),
        np.zeros((len(pairs), 0), np.float32),
        [],
    )


def test_a_position_rests_on_the_sentence_that_says_it_most_clearly() -> None:
    said = sayings((0, 0), (1, 0), (2, 1), (3, 0))
    likely = np.array([0.2, 0.8, 0.95, 0.7])
    actors = ["russia", "ukraine"]
    assert Support(actors, [], said, likely, -1).resting_on(["russia"]) == 1
    assert (
        Support(actors, [], said, likely, 3).resting_on(["russia"]) == 3
    )  # nearly as clear, and the tagger's own
    assert Support(actors, [], said, likely, 0).resting_on(["russia"]) == 1
    assert Support(actors, [], said, likely, 3).resting_on([]) == 3
    assert Support(actors, [], said, likely, -1).resting_on([]) == 0


def test_what_sentences_say_is_summed_up_by_actor() -> None:
    found = summary(sayings((0, 0), (2, 0), (2, 1)), np.array([0.5, 0.9, 0.3]), actors=3, evidence=2)
    best, second, any_of, title, lead, evidence, total, lead_in_best, lead_in_evidence = found[0]
    assert (best, second, title, lead, evidence) == pytest.approx((0.9, 0.5, 0.5, 0, 0.9))
    assert (any_of, total) == pytest.approx((0.95, 1.4))
    assert (lead_in_best, lead_in_evidence) == pytest.approx((0.6, 0.6))
    assert not found[2, :7].any()


def copied(tmp_path: Path) -> Path:
    for name in ("model.json", "model.npz"):
        shutil.copy(str(resources.files("classifiers.positions") / name), tmp_path / name)
    return tmp_path


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    lexicon = load_lexicon()
    names = (*Features(lexicon).names, *SayingFeatures(lexicon).names)
    assert load_model(names, lexicon.content_hash, folder).content_hash
    (folder / "model.npz").write_bytes((folder / "model.npz").read_bytes() + b"x")
    with pytest.raises(ModelError, match=r"model\.npz is not the file"):
        load_model(names, lexicon.content_hash, folder)


def test_a_model_of_other_features_or_words_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    lexicon = load_lexicon()
    names = (*Features(lexicon).names, *SayingFeatures(lexicon).names)
    with pytest.raises(ModelError, match="other features"):
        load_model(names[:-1], lexicon.content_hash, folder)
    with pytest.raises(ModelError, match=r"another phrases\.toml"):
        load_model(names, "0", folder)


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"classifiers\.training\.positions train"):
        load_model([], "", tmp_path)


def test_the_shipped_description_names_its_training_data() -> None:
    described = json.loads(
        (resources.files("classifiers.positions") / "model.json").read_text(encoding="utf-8")
    )
    assert described["trained_on"]["hand"] > 0
