import numpy as np
import pytest

from classifiers.decide import Thresholds, decide
from classifiers.taxonomy import load_taxonomy
from classifiers.types import LabelDecision

TAXONOMY = load_taxonomy("ukraine")
NEEDED = [Thresholds(decide=0.5, uncertain=0.3, announce=0.8)] * len(TAXONOMY.keys)
SENTENCES = [f"Sentence for {key}." for key in TAXONOMY.keys]


def decided(**scores: float) -> dict[str, LabelDecision]:
    """Decisions for scores given as `issue__sanctions=0.7`; all other labels score 0.01."""
    row = np.full(len(TAXONOMY.keys), 0.01, dtype=np.float32)
    for name, score in scores.items():
        row[TAXONOMY.columns[name.replace("__", ":").replace("_", "-")]] = score
    decisions = decide(TAXONOMY, row, NEEDED, SENTENCES)
    assert tuple(decision.label for decision in decisions) == TAXONOMY.keys
    return {decision.label: decision for decision in decisions}


def test_thresholds_make_yes_uncertain_and_no() -> None:
    decisions = decided(actor__russia=0.5, actor__ukraine=0.49, actor__china=0.29)
    assert decisions["actor:russia"].decision == "yes"
    assert decisions["actor:ukraine"].decision == "uncertain"
    assert decisions["actor:china"].decision == "no"
    assert not any(decision.reason for decision in decisions.values())


def test_decision_carries_score_threshold_sentence_and_announcement() -> None:
    decision = decided(issue__sanctions=0.9)["issue:sanctions"]
    assert decision.score == pytest.approx(0.9) and decision.threshold == 0.5
    assert decision.sentence == "Sentence for issue:sanctions."
    assert decision.announce and not decided(issue__sanctions=0.7)["issue:sanctions"].announce


def test_war_other_gives_way_to_any_other_issue() -> None:
    decisions = decided(issue__war_other=0.9, issue__sanctions=0.6)
    assert decisions["issue:sanctions"].decision == "yes"
    other = decisions["issue:war-other"]
    assert other.decision == "no" and not other.announce and other.score == pytest.approx(0.9)
    assert other.reason == "never together with issue:sanctions"


def test_war_other_alone_stays() -> None:
    decision = decided(issue__war_other=0.9, issue__sanctions=0.4)["issue:war-other"]
    assert decision.decision == "yes" and decision.reason == ""


def test_development_vouches_for_an_uncertain_issue() -> None:
    decisions = decided(development__talks_held=0.9, issue__peace_talks=0.4, issue__black_sea=0.35)
    assert decisions["development:talks-held"].decision == "yes"
    assert decisions["issue:peace-talks"].decision == "yes"
    assert decisions["issue:peace-talks"].reason == "development:talks-held needs it"
    assert decisions["issue:black-sea"].decision == "uncertain"


def test_development_without_any_issue_is_only_uncertain_and_never_announced() -> None:
    decision = decided(development__talks_held=0.9)["development:talks-held"]
    assert decision.decision == "uncertain" and not decision.announce
    assert decision.reason == "needs an issue beside it" and decision.score == pytest.approx(0.9)


def test_development_needs_its_own_issue_where_the_taxonomy_names_one() -> None:
    decisions = decided(development__sanctions_changed=0.9, issue__peace_talks=0.9)
    assert decisions["development:sanctions-changed"].decision == "uncertain"
    assert decisions["development:sanctions-changed"].reason == "needs one of issue:sanctions beside it"
    vouched = decided(development__sanctions_changed=0.9, issue__peace_talks=0.9, issue__sanctions=0.31)
    assert (
        vouched["issue:sanctions"].decision == "yes"
        and vouched["development:sanctions-changed"].decision == "yes"
    )


def test_reason_of_a_rule_joins_the_reason_given() -> None:
    scores = np.full(len(TAXONOMY.keys), 0.9, dtype=np.float32)
    reasons = ["phrase"] * len(TAXONOMY.keys)
    decisions = {d.label: d for d in decide(TAXONOMY, scores, NEEDED, SENTENCES, reasons)}
    assert decisions["issue:war-other"].reason.startswith("phrase; never together with issue:ceasefire-terms")
    assert decisions["actor:iran"].reason == "phrase"


def test_score_that_is_not_a_number_says_no() -> None:
    assert decided(actor__iran=float("nan"))["actor:iran"].decision == "no"


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        decide(TAXONOMY, np.zeros(3, dtype=np.float32), NEEDED, SENTENCES)


@pytest.mark.parametrize("values", [(0.5, 0.6, 0.8), (0.5, 0.3, 0.4), (1.1, 0.3, 1.2), (0.5, -0.1, 0.8)])
def test_thresholds_out_of_order_are_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="thresholds must rise"):
        Thresholds(*values)
