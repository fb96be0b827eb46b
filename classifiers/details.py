"""Which way a development went: the closed list of details for each (TAXONOMY.md, "Positions"). Ids are public API."""

from collections.abc import Mapping

DETAILS: Mapping[str, tuple[str, ...]] = {
    "talks-announced": ("planned", "postponed", "called-off"),
    "deal-reached": ("concluded", "in-effect", "extended", "ended"),
    "violation-reported": ("claimed", "denied"),
    "aid-changed": ("increased", "reduced"),
    "sanctions-changed": ("tightened", "eased"),
}
"""Development -> the values that its detail can take; other developments have none."""


def all_details() -> tuple[str, ...]:
    """Every detail once, in the order above."""
    return tuple(dict.fromkeys(detail for details in DETAILS.values() for detail in details))
