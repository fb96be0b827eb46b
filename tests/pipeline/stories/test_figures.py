"""Numbers that sources give, read in any language of the lexicon."""

import pytest

from pipeline.stories.figures import counts, differing, figures
from tests.pipeline.stories.test_status import report


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("At least 12 people were killed in the shelling.", [("killed", 12)]),
        ("The strike killed 3 and wounded 17.", [("killed", 3), ("wounded", 17)]),
        ("Air defence shot down 35 drones.", [("drones", 35)]),
        ("Three people died in the fire.", [("killed", 3)]),
        ("Zginęło 5 osób, rannych jest 11.", [("killed", 5), ("wounded", 11)]),
        ("Унаслідок удару загинули 4 людини.", [("killed", 4)]),
        ("The talks of 2023 killed the plan.", []),
        ("Prices rose by 12 per cent.", []),
        ("", []),
    ],
)
def test_a_number_counts_what_stands_next_to_it(sentence: str, expected: list[tuple[str, int]]) -> None:
    assert counts(sentence) == expected


def test_figures_differ_where_sources_give_other_numbers() -> None:
    found = figures(
        [
            report("a", text="Ukraine said 12 people were killed. Some 40 drones were launched."),
            report("b", text="Russia said 3 people were killed. Some 40 drones were launched."),
        ]
    )
    table = differing(found)
    assert list(table) == ["killed"]
    assert [(row.number, row.party, row.article) for row in table["killed"]] == [
        (12, "ukraine", "a"),
        (3, "russia", "b"),
    ]
    assert table["killed"][0].sentence == "Ukraine said 12 people were killed."


def test_a_number_that_an_article_repeats_counts_once() -> None:
    assert len(figures([report("a", text="Two people were killed. The two killed were drivers.")])) == 1
