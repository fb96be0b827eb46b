"""The second look at developments: sentences that tell of one speak for it, their absence against it."""

import json
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from classifiers.errors import ModelError
from classifiers.positions import PositionFinder, load_position_finder
from classifiers.positions.second_look import FILE, FLOOR, SecondLook, Weights, load_second_look
from classifiers.taxonomy import load_taxonomy
from classifiers.types import Text

LOOK = SecondLook({"rejected": Weights(score=0.8, best=0.3, any=0.1, told=1.0, offset=-0.5)})
NOTHING = np.zeros(0)


@pytest.fixture(scope="module")
def finder() -> PositionFinder:
    return load_position_finder(load_taxonomy())


def test_a_clear_sentence_lifts_a_score_and_none_lowers_it() -> None:
    assert LOOK.score("rejected", 0.5, np.array([0.9])) > 0.5
    assert LOOK.score("rejected", 0.5, NOTHING) < 0.5
    assert LOOK.score("rejected", 0.5, np.array([0.9])) > LOOK.score("rejected", 0.5, np.array([0.2]))


def test_scores_stay_between_nought_and_one_whatever_the_sentences_say() -> None:
    for score in (FLOOR, 0.999999, 1.0):
        for likely in (NOTHING, np.zeros(3), np.ones(3)):
            assert 0 <= LOOK.score("rejected", score, likely) <= 1


def test_low_scores_and_unknown_developments_are_left_alone() -> None:
    assert LOOK.score("rejected", FLOOR / 2, np.ones(2)) == FLOOR / 2
    assert LOOK.score("hostages-freed", 0.4, np.ones(2)) == 0.4


def test_a_text_without_a_meeting_loses_talks_held(finder: PositionFinder) -> None:
    met = Text(
        "a", "Zelensky met Merz in Berlin", "The two talked for an hour about air defence for Ukraine."
    )
    none = Text("b", "Prices of wheat rise", "Russia struck the port of Odesa and shipping stopped.")
    actors = ["ukraine", "germany", "russia"]
    assert finder.second_look(met, {"talks-held": 0.4}, actors)["talks-held"] > 0.4
    assert finder.second_look(none, {"talks-held": 0.4}, actors)["talks-held"] < 0.4


def test_every_score_comes_back(finder: PositionFinder) -> None:
    scores = {"talks-held": 0.5, "rejected": 0.01, "hostages-freed": 0.7}
    found = finder.second_look(Text("a", "", ""), scores, [])
    assert found.keys() == scores.keys()
    assert (found["rejected"], found["hostages-freed"]) == (0.01, 0.7)


def test_it_goes_with_the_model_and_the_taxonomy_that_it_was_fitted_for(tmp_path: Path) -> None:
    shutil.copy(str(resources.files("classifiers.positions") / FILE), tmp_path / FILE)
    described = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert load_second_look(described["model"], described["taxonomy"], tmp_path).weights
    assert not load_second_look(described["model"], "gaza", tmp_path).weights
    with pytest.raises(ModelError, match="another model"):
        load_second_look("0", described["taxonomy"], tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(ModelError, match=r"classifiers\.training\.positions train"):
        load_second_look(described["model"], described["taxonomy"], tmp_path)
