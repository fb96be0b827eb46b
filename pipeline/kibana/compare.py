"""What differs between two bodies, in words for a person. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def changes(before: Any, after: Any) -> tuple[str, ...]:
    """Places where two answers of one Kibana differ; both carry its defaults, so any difference counts."""
    return tuple(dict.fromkeys(_differences(before, after, "", strict=True)))


def missing(ours: Any, theirs: Any) -> tuple[str, ...]:
    """Places where Kibana's answer does not hold what our file says. What it adds by itself does not count."""
    return tuple(dict.fromkeys(_differences(ours, theirs, "", strict=False)))


def _differences(one: Any, other: Any, place: str, *, strict: bool) -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys() if strict else one.keys()):
            inner = f"{place}.{key}" if place else str(key)
            if key not in one or key not in other:
                yield inner
            else:
                yield from _differences(one[key], other[key], inner, strict=strict)
    elif _is_list(one) and _is_list(other):
        yield from _differences_of_lists(one, other, place, strict=strict)
    elif one != other:
        yield place or "everything"


def _differences_of_lists(
    one: Sequence[Any], other: Sequence[Any], place: str, *, strict: bool
) -> Iterator[str]:
    """Items with ids (panels) are told by their id, wherever they stand; others by their number."""
    if all(isinstance(item, Mapping) and "id" in item for item in (*one, *other)) and (one or other):
        left, right = {item["id"]: item for item in one}, {item["id"]: item for item in other}
        for name in dict.fromkeys((*left, *right)):
            inner = f"{place}[{name}]"
            if (
                name not in left
                or name not in right
                or any(_differences(left[name], right[name], "", strict=strict))
            ):
                yield inner
    elif len(one) != len(other):
        yield place
    else:
        for number, (left_item, right_item) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left_item, right_item, f"{place}[{number}]", strict=strict)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
