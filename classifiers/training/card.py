"""The model card: what a model is for, what it was trained on, how good it is, and where it stops. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from classifiers.decide import Thresholds

_HEAD = """# Model card: tagger of the {name}

{labels} labels (who acts, what it is about, what happened) for English news texts, with the sentence that carries each, and
an embedding for grouping articles into stories. One pass of a small encoder; {megabytes:.0f} MB; no torch needed.

## Use
Meant for: English news items on this conflict, title and first 1,600 characters, to help analysts find and be told of
developments. A person decides what to do about them. Not meant for: other languages (aliases tag those), other conflicts
without training anew, judging people, or any decision without a reader. It says what a text reports, not what is true.

## What it is
- Base encoder: bge-small-en-v1.5 (BAAI, MIT licence), 33 million parameters, had as `{base}`; fine-tuned here.
- A text is read in passages of about 450 characters, each behind the title; a label's score is that of its strongest passage.
- For each label: attention over tokens by a query of its own, a reading of the mean vector, and, where the label has aliases,
  a reading of the tokens that name it, with weights that all labels share. Tokens that name a label are marked on the way.
- The embedding is a linear map, fitted by ridge regression, from the states of layers 6, 9 and 12 to the plain encoder's own vector
  of title and first passage.
- 8-bit weights, quantised per channel while running; operator set {opset}.

## Trained on
{items}. The texts of the shared data are news items that belong to their publishers; none is in this repository. {note}
"""

_LIMITS = """## Limits
- It misses about as much as the recall column says, most of all what is told in half a sentence, refusals and acceptances in
  diplomatic wording, and rare labels; figures for labels with fewer than 8 cases say little.
- Training items lean on 2023 and on English-language outlets; it has learned who held which office when they were written.
- Only the first 1,600 characters count. Side-bar headlines that stand in them can add labels.
- Scores are not probabilities of being right; the thresholds were set on scores of networks that had not seen the items
  (half the items each), and those of developments then multiplied by 0.8, a number chosen on dev and the held-out prose.
"""


def card(
    name: str,
    config: Mapping[str, Any],
    megabytes: float,
    tables: Mapping[str, Sequence[str]],
    stories: tuple[float, float] | None,
    thresholds: Mapping[str, Thresholds],
) -> str:
    """Markdown. `tables` are tables by heading; `stories` the story F1 of this model and of the plain encoder."""
    facts = config["training"]
    items = ", ".join(f"{count:,} {_SOURCES.get(source, source)}" for source, count in facts["items"].items())
    parts = [
        _HEAD.format(
            name=name,
            labels=len(config["labels"]),
            megabytes=megabytes,
            base=facts["base"],
            opset=config["opset"],
            items=items[:1].upper() + items[1:],
            note=facts.get("note", ""),
        ),
        *(f"## {heading}\n\n" + "\n".join(table) + "\n" for heading, table in tables.items()),
    ]
    if facts.get("cross_validation"):
        parts.append(
            "## By cross-validation\n\n" + "\n".join(f"- {line}" for line in facts["cross_validation"]) + "\n"
        )
    if stories is not None:
        parts.append(
            "## Stories\n\nGreedy clustering on the cosine alone, best threshold for each, pairwise F1 on a hand-coded day: "
            f"{stories[0]:.3f}; the plain encoder {stories[1]:.3f}.\n"
        )
    parts.append(_LIMITS)
    rows = [
        f"| {label} | {one.uncertain:.2f} | {one.decide:.2f} | {one.announce:.2f} |"
        for label, one in thresholds.items()
    ]
    parts.append(
        "\n".join(
            [
                "## Thresholds\n",
                "| label | uncertain | decide | announce |",
                "| --- | --- | --- | --- |",
                *rows,
            ]
        )
        + "\n"
    )
    hashes = [f"| {file} | `{digest}` |" for file, digest in facts["data_sha256_16"].items()]
    parts.append(
        "\n".join(["## Data\n", "| file | SHA-256, first 16 digits |", "| --- | --- |", *hashes]) + "\n"
    )
    return "\n".join(parts)


_SOURCES = {
    "hand": "items coded by hand in the shared data",
    "read": "unlabelled items coded here by reading",
    "recheck": "hand-coded items that were read a second time here",
    "prose": "texts of our own for rare labels and hard negatives",
}
