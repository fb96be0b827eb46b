"""The pure parts of training: what is learned from, how decisions are judged, where thresholds come from."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.tokens import Tokens, padded
from classifiers.training import examples, oof
from classifiers.training.metrics import by_facet, macro_f1, quality
from classifiers.training.stories import best_f1, greedy, pairwise_f1
from classifiers.training.thresholds import decided, from_scores

LABELS = ("actor:ukraine", "actor:iaea", "issue:territory")


def item(name: str, **changes: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"actors": [], "issues": [], "developments": []}
    return {
        "id": name,
        "title": f"Title of {name}",
        "text": "Words.",
        "published": "2025-01-01",
        **nothing,
        **changes,
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A shared folder with one training item, one dev item and two unlabelled ones, and our labels beside it."""
    folder = tmp_path / "shared" / "data"
    folder.mkdir(parents=True)
    write(folder / "train.jsonl", [item("a", actors=["ukraine"])])
    write(folder / "dev.jsonl", [item("d", actors=["iaea"])])
    for name, rows in (("articles", [item("u")]), ("headlines", [item("v"), item("w", title="Title of d")])):
        with gzip.open(folder / f"unlabelled_{name}.jsonl.gz", "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "own" / "labels").mkdir(parents=True)
    (tmp_path / "own" / "corpus" / "train").mkdir(parents=True)
    return tmp_path


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def coded(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": name, "actors": [], "issues": [], "developments": [], "sure": True, **changes}


def trained_on(data: Path) -> dict[str, examples.Example]:
    return {one.text.id: one for one in examples.training(data / "shared", data / "own")}


def test_labels_read_here_join_the_texts_of_the_shared_data(data: Path) -> None:
    write(data / "own" / "labels" / "part.jsonl", [coded("u", issues=["territory"]), coded("v", sure=False)])
    found = trained_on(data)
    assert found["u"].labels == {"issue:territory"}
    assert found["u"].text.title == "Title of u"
    assert found["v"].weight == examples.UNSURE_WEIGHT


def test_dev_items_and_copies_of_their_titles_are_never_trained_on(data: Path) -> None:
    write(data / "own" / "labels" / "part.jsonl", [coded("d"), coded("w")])
    assert set(trained_on(data)) == {"a"}


def test_only_a_second_reading_replaces_hand_labels(data: Path) -> None:
    write(data / "own" / "labels" / "part.jsonl", [coded("a", actors=["iaea"])])
    assert trained_on(data)["a"].labels == {"actor:ukraine"}
    write(data / "own" / "labels" / "recheck.jsonl", [coded("a", actors=["iaea"])])
    assert trained_on(data)["a"].labels == {"actor:iaea"}


def test_rows_with_positions_only_are_passed_over(data: Path) -> None:
    write(data / "own" / "labels" / "positions.jsonl", [{"id": "u", "positions": [], "sure": True}])
    assert set(trained_on(data)) == {"a"}


def test_recent_long_items_weigh_more(data: Path) -> None:
    write(data / "own" / "corpus" / "train" / "prose.jsonl", [item("p", text="Words. " * 120)])
    weights = {one.text.id: one.weight for one in examples.field_first(trained_on(data).values(), 1.5)}
    assert weights == {"a": 1.0, "p": 1.5}


def test_quality_counts_hits_false_alarms_and_misses() -> None:
    found = quality(np.array([True, True, False, False]), np.array([True, False, True, False]))
    assert (found.cases, found.precision, found.recall, found.f1) == (2, 0.5, 0.5, 0.5)


def test_a_label_without_cases_or_alarms_has_f1_zero_and_stays_out_of_the_macro_mean() -> None:
    true = np.array([[True, False, False]])
    assert quality(true[:, 1], true[:, 1]).f1 == 0.0
    assert macro_f1(true, true, LABELS, "actor") == 1.0


def test_bootstrap_interval_holds_the_figure_and_repeats() -> None:
    random = np.random.default_rng(3)
    true = random.random((200, 3)) < 0.3
    said = true ^ (random.random((200, 3)) < 0.1)
    found = by_facet(said, true, LABELS, resamples=200)["actor"]
    assert found.interval[0] < found.f1 < found.interval[1]
    assert found == by_facet(said, true, LABELS, resamples=200)["actor"]


def test_frequent_label_gets_its_own_threshold_and_a_rare_one_its_facets() -> None:
    random = np.random.default_rng(5)
    true = np.zeros((2_000, 3), bool)
    true[:600, 0] = True
    true[:2, 1] = True
    scores = random.random((2_000, 3)).astype(np.float32) * 0.4
    scores[:600, 0] += 0.55  # ukraine parts cleanly near 0.5
    scores[0, 1] = 0.99  # the rare label's two cases alone would ask for almost any threshold
    limits = from_scores(scores, true, np.ones(2_000, np.float32), LABELS)
    assert 0.4 <= limits["actor:ukraine"].decide <= 0.56
    assert abs(limits["actor:iaea"].decide - limits["actor:ukraine"].decide) < 0.15
    assert quality(decided(scores, limits, LABELS)[:, 0], true[:, 0]).f1 == 1.0


def test_thresholds_rise_from_uncertain_over_decide_to_announce() -> None:
    random = np.random.default_rng(7)
    true = random.random((300, 3)) < 0.2
    scores = np.clip(true * 0.5 + random.normal(0.25, 0.2, (300, 3)), 0, 1).astype(np.float32)
    for limits in from_scores(scores, true, np.ones(300, np.float32), LABELS).values():
        assert 0 < limits.uncertain < limits.decide <= limits.announce <= 1


def test_out_of_fold_scores_survive_the_file(tmp_path: Path) -> None:
    kept = oof.OutOfFold(["x", "y"], ["a", "b"], [0, 1], np.array([[0.1234, 1.0], [0.0, 0.5]], np.float32))
    oof.save(kept, tmp_path / "oof" / "scores.json.gz")
    read = oof.load(tmp_path / "oof" / "scores.json.gz")
    assert (read.labels, read.ids, read.folds) == (kept.labels, kept.ids, kept.folds)
    np.testing.assert_allclose(read.scores, [[0.123, 1.0], [0.0, 0.5]], atol=1e-6)


def test_greedy_clustering_joins_the_nearest_story_or_opens_one() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.99, 0.1], [0.1, 0.99]], np.float32)
    assert greedy(vectors, 0.9) == [0, 1, 0, 1]
    assert greedy(vectors, 0.999) == [0, 1, 2, 3]
    assert best_f1(vectors, ["a", "b", "a", "b"])[0] == 1.0


def test_pairwise_f1_counts_pairs() -> None:
    assert pairwise_f1([0, 0, 0], ["a", "a", "b"]) == pytest.approx(0.5)
    assert pairwise_f1([0, 1, 2], ["a", "b", "c"]) == 0.0


@pytest.mark.torch
def test_smoothing_for_8_bits_leaves_the_outputs_as_they_are() -> None:
    torch = pytest.importorskip("torch", reason="training only")
    from classifiers.training.encoder import Encoder
    from classifiers.training.fit import as_tensors
    from classifiers.training.model_file import smooth
    from classifiers.training.network import Network

    torch.manual_seed(1)
    network = Network(Encoder(), labels=3).eval()
    texts = [[passage(5), passage(9)], [passage(7)]]
    inputs = as_tensors(padded(texts[0]))
    with torch.no_grad():
        before = network(*inputs).logits
        smooth(network, texts)
        torch.testing.assert_close(network(*inputs).logits, before, rtol=1e-3, atol=1e-4)


@pytest.mark.torch
def test_a_text_takes_its_strongest_passage_and_frozen_states_change_nothing() -> None:
    torch = pytest.importorskip("torch", reason="training only")
    from classifiers.training.encoder import Encoder
    from classifiers.training.fit import Lower, as_tensors, predict
    from classifiers.training.network import Network

    torch.manual_seed(2)
    network = Network(Encoder(), labels=3).eval()
    texts = [[passage(5), passage(9)], [passage(7)]]
    with torch.no_grad():
        each = network(*as_tensors(padded([*texts[0], *texts[1]]))).logits.sigmoid().numpy()
    scores, pooled = predict(network, Lower(network, texts))
    np.testing.assert_allclose(scores, [each[:2].max(0), each[2]], atol=0.02)
    assert pooled.shape[0] == 2


def passage(length: int) -> Tokens:
    ids = np.arange(1_000, 1_000 + length)
    return Tokens(
        ids, np.zeros(length, np.int64), (np.arange(length) % 4 == 1).astype(np.int64), np.arange(length)
    )
