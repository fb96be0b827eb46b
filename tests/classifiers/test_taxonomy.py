import re
from datetime import date
from pathlib import Path

import pytest

from classifiers.errors import TaxonomyError
from classifiers.taxonomy import Alias, Taxonomy, expand, load_taxonomy, shipped_taxonomies

MINIMAL = """
id = "test"
name = "A test"
parties = ["north"]
[endings]
m = ["", "a"]
[[actor]]
id = "north"
name = "North"
definition = "The northern state."
not_this = "The direction."
examples = ["The north agreed.", "The north refused."]
query_aliases = ["n"]
names.en = ["^North"]
people.en = [{alias = "Norda~m", since = 2024-01-01, until = 2024-12-31}]
[[issue]]
id = "truce"
name = "Truce"
definition = "A truce."
not_this = "A war."
examples = ["A truce of a day.", "A truce of a week."]
[[development]]
id = "accepted"
name = "Accepted"
definition = "A yes."
not_this = "A no."
examples = ["They said yes.", "They agreed."]
"""


@pytest.fixture(scope="module")
def ukraine() -> Taxonomy:
    return load_taxonomy("ukraine")


def written(folder: Path, content: str) -> Path:
    path = folder / "test.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_ukraine_taxonomy_has_the_documented_labels_in_order(ukraine: Taxonomy) -> None:
    ids = {facet: [label.id for label in ukraine.facet(facet)] for facet in ("actor", "issue", "development")}
    assert [len(of_facet) for of_facet in ids.values()] == [24, 23, 13]
    assert ids["actor"][:3] == ["ukraine", "russia", "united-states"] and ids["actor"][-1] == "holy-see"
    assert ids["issue"][0] == "ceasefire-terms" and ids["issue"][-1] == "war-other"
    assert ids["development"][0] == "talks-announced" and ids["development"][-1] == "exchange-carried-out"
    assert list(ukraine.columns.values()) == list(range(60))
    assert ukraine.keys[24] == "issue:ceasefire-terms"


def test_hash_of_the_columns_is_pinned(ukraine: Taxonomy) -> None:
    """A model is trained for exactly these columns: this value changes only together with the shipped
    model.
    """
    assert ukraine.hash == "666471ea1ed7777468a13ae4adfe0512f80f6333c55081ced459db8bb3be1688"


@pytest.mark.parametrize("name", shipped_taxonomies())
def test_each_label_is_told_completely(name: str) -> None:
    taxonomy = load_taxonomy(name)
    for label in taxonomy.labels:
        assert label.definition and label.not_this and len(label.examples) == 2, label.key
        assert re.fullmatch(r"(actor|issue|development):[a-z0-9]+(-[a-z0-9]+)*", label.key)
        if label.facet == "actor":
            assert {"en", "uk", "ru"} <= {alias.language for alias in label.aliases} or name != "ukraine"


@pytest.mark.parametrize(
    "facet, value, key",
    [
        ("actor", "us", "actor:united-states"),
        ("actor", "USA", "actor:united-states"),
        ("actor", "Türkiye", "actor:turkey"),
        ("actor", "united-states", "actor:united-states"),
        ("issue", "znpp", "issue:zaporizhzhia-plant"),
        ("development", " rejection ", "development:rejected"),
    ],
)
def test_query_values_resolve_by_alias(ukraine: Taxonomy, facet: str, value: str, key: str) -> None:
    assert ukraine.resolve(facet, value) == key


def test_unknown_query_value_resolves_to_nothing(ukraine: Taxonomy) -> None:
    assert ukraine.resolve("actor", "znpp") is None


def test_officials_stand_for_their_state_only_while_in_office(ukraine: Taxonomy) -> None:
    biden = next(a for a in ukraine.label("actor:united-states").aliases if a.form == "Biden")
    assert biden.holds(date(2025, 1, 20)) and not biden.holds(date(2025, 1, 21)) and biden.holds(None)


def test_minimal_taxonomy_loads(tmp_path: Path) -> None:
    taxonomy = load_taxonomy(written(tmp_path, MINIMAL))
    assert taxonomy.keys == ("actor:north", "issue:truce", "development:accepted")
    year = {"since": date(2024, 1, 1), "until": date(2024, 12, 31)}
    assert taxonomy.label("actor:north").aliases == (
        Alias("North", "actor:north", "names", "en", capitals=True),
        Alias("Norda", "actor:north", "people", "en", **year),
        Alias("Nordaa", "actor:north", "people", "en", **year),
    )


def test_patterns_expand_each_word_with_its_endings() -> None:
    forms = expand("біл~adj дім", {"adj": ["ий", "ого"]})
    assert list(forms) == ["білий дім", "білого дім"]


@pytest.mark.parametrize(
    "old, new, message",
    [
        ('name = "A test"', 'nmae = "A test"', "unknown key 'nmae'"),
        ('id = "truce"', 'id = "truce"\ncolour = "red"', "issue:truce: unknown key 'colour'"),
        (
            '["A truce of a day.", "A truce of a week."]',
            '["A truce of a day."]',
            "issue:truce: needs two examples",
        ),
        ('definition = "A yes."', "", "development:accepted: 'definition' must be a text"),
        ('definition = "A yes."', "definition = 3", "development:accepted: 'definition' must be a text"),
        ('parties = ["north"]', 'parties = ["south"]', "'south' is not the id of an actor"),
        ('"Norda~m"', '"Norda~x"', "actor:north: 'Norda~x' names the unknown endings 'x'"),
        ("since = 2024-01-01", 'since = "2024"', "actor:north: 'Norda~m': 'since' and 'until' must be dates"),
        ('names.en = ["^North"]', 'names.en = "North"', "actor:north: names.en must be a list"),
        ('names.en = ["^North"]', 'names.en = [""]', "actor:north: 'alias' must be a text"),
        (
            'definition = "A yes."',
            'definition = "A yes."\nneeds = ["peace"]',
            "development:accepted: needs 'peace'",
        ),
        (
            'definition = "A truce."',
            'definition = "A truce."\nneeds = ["truce"]',
            "'needs' is for developments only",
        ),
        (
            'definition = "A truce."',
            'definition = "A truce."\nexclusive = 1',
            "'exclusive' must be true or false",
        ),
        ("[[issue]]", "[[issues]]", "unknown key 'issues'"),
        ('parties = ["north"]', "parties = [", "line "),
    ],
)
def test_wrong_taxonomy_is_refused_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in MINIMAL
    path = written(tmp_path, MINIMAL.replace(old, new, 1))
    with pytest.raises(TaxonomyError, match=re.escape(message)) as caught:
        load_taxonomy(path)
    assert caught.value.path == path and str(path) in str(caught.value)


SOUTH = """
[[actor]]
id = "south"
name = "South"
definition = "The southern state."
not_this = "The direction."
examples = ["The south agreed.", "The south refused."]
"""


@pytest.mark.parametrize(
    "addition, message",
    [
        (SOUTH.replace('"south"', '"north"'), "actor:north: stands twice"),
        (SOUTH + 'query_aliases = ["N"]', "actor:south: the query alias 'N' already means actor:north"),
        (
            SOUTH + 'query_aliases = ["north"]',
            "actor:south: the query alias 'north' already means actor:north",
        ),
        (SOUTH + 'names.en = ["NORTH"]', "actor:south: the alias 'NORTH' already means actor:north"),
    ],
)
def test_clashing_labels_are_refused(tmp_path: Path, addition: str, message: str) -> None:
    with pytest.raises(TaxonomyError, match=re.escape(message)):
        load_taxonomy(written(tmp_path, MINIMAL + addition))


def test_missing_file_and_unknown_name_say_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="ukraine"):
        load_taxonomy("atlantis")
    with pytest.raises(TaxonomyError, match="cannot be read"):
        load_taxonomy(tmp_path / "none.toml")


def test_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'id = "\xe9"')
    with pytest.raises(TaxonomyError, match="not UTF-8"):
        load_taxonomy(path)
