"""What an upgrade may change: the code, freely; what is stored, only by appending.

Rows stay as they are, so a stored record may gain fields with a default and nothing else; maps and indexes keep their
order (their numbers stand in state keys) and new ones come last; a code keeps its meaning.
"""

from __future__ import annotations

from contracts.language.declarations import Declarations
from contracts.language.verdicts import verdict


def check_upgrade(old: Declarations, new: Declarations) -> None:
    """Raises `Refused` CHK-017 with what does not fit."""
    _check_maps(old, new)
    stored = sorted({form.record for form in old.maps.values()})
    seen: set[str] = set()
    while stored:
        name = stored.pop(0)
        if name in seen:
            continue
        seen.add(name)
        _check_record(old, new, name)
        for kind in [entry.type for entry in old.records[name].fields]:
            stored += [part.names[0] for part in (kind, *kind.items) if part.kind == "record"]
    codes = {refusal.code: refusal for refusal in new.refusals.values()}
    for refusal in old.refusals.values():
        if refusal.code in codes and codes[refusal.code].name != refusal.name:
            raise verdict("CHK-017", why=f"the code {refusal.code} has another meaning")


def _check_maps(old: Declarations, new: Declarations) -> None:
    for before, after in zip(old.maps.values(), [*new.maps.values(), *[None] * len(old.maps)], strict=False):
        if before != after:
            raise verdict("CHK-017", why=f"the map {before.name} is changed, moved or missing")
    for index, other in zip(old.indexes.values(), [*new.indexes.values(), *[None] * len(old.indexes)], strict=False):
        if index != other:
            raise verdict("CHK-017", why=f"the index {index.name} is changed, moved or missing")
    for name, form in new.indexes.items():
        if name not in old.indexes and form.map in old.maps:
            raise verdict("CHK-017", why=f"the index {name} is over rows that are stored already")


def _check_record(old: Declarations, new: Declarations, name: str) -> None:
    before = old.records[name].fields
    if name not in new.records:
        raise verdict("CHK-017", why=f"the record {name} is missing")
    after = new.records[name].fields
    if [(entry.name, entry.type) for entry in after[: len(before)]] != [(entry.name, entry.type) for entry in before]:
        raise verdict("CHK-017", why=f"a field of {name} is changed, moved or missing")
    for entry in after[len(before) :]:
        if not entry.has_default:
            raise verdict("CHK-017", why=f"the new field {name}.{entry.name} has no default")
