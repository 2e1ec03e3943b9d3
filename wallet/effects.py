"""What a proposal of governance would change, from what to what: the dry run before anybody proposes or votes.

Read from proven rows, shown beside the sentence and no part of it. A name that nothing is known of is said to be new,
for a misspelt parameter or policy would otherwise be voted into force and never be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ledger.choices import choice_word
from ledger.money import show
from ledger.settings import PARAMETERS, POLICIES, with_words
from ledger.wording import show_day
from wallet.session import Row, Session

GOVERNANCE: Final = "governance"
KIND_OF: Final = {
    "propose_parameter": "parameter",
    "propose_policy": "policy",
    "set_policy": "policy",
    "propose_status": "status",
    "propose_ballot": "ballot",
    "upload": "contract",
}
KINDS: Final = tuple(sorted({*KIND_OF.values(), "validator"}))
DIGEST_SHOWN: Final = 16
Effect = tuple[str, str]


def effects_of(session: Session, contract: str, action: str, args: Sequence[Any], own: str) -> list[Effect]:
    """(Chinese, English) of each thing that changes; empty for acts that are no proposals. `own`: who signs."""
    if contract != GOVERNANCE:
        return []
    if action == "approve":
        row = session.row(GOVERNANCE, "proposals", args[0])
        fields: Mapping[str, Any] = row.fields
        kind = str(fields.get("kind", ""))
    elif action in KIND_OF:
        names = [field.name for field in session.interface(GOVERNANCE).action(action).arguments]
        fields, kind = dict(zip(names, args, strict=True)), KIND_OF[action]
        if action == "propose_ballot":
            fields = {"name": fields["kind"], "roles": fields["roles"], "value": fields["count"]}
    else:
        return []
    teller = _TELLERS.get(kind)
    whose = own if action == "set_policy" else ""
    return [] if teller is None else [teller(session, {**fields, "whose": whose})]


def _row(session: Session, map_name: str, *key: Any) -> Row | None:
    row = session.row(GOVERNANCE, map_name, *key)
    return None if row.record is None else row


def _parameter(session: Session, fields: Mapping[str, Any]) -> Effect:
    name, value, day = fields["name"], fields["value"], fields["from_day"]
    row = _row(session, "parameters", name)
    if row is None:
        return (
            f"参数 {name} 目前没有，将自 {show_day(day, 'zh')}起新设为 {value}；请核对名称",
            f"there is no parameter {name}; it would be new, {value} from {show_day(day, 'en')}: check the name",
        )
    held = [step[1] for step in row.fields["steps"] if step[0] <= day]
    before = "-" if not held else held[-1]
    later = [step for step in row.fields["steps"] if step[0] > day]
    called = PARAMETERS.get(name)
    zh = f"参数 {with_words(name, called, 'zh')}：{before} → {value}，自 {show_day(day, 'zh')}起"
    en = f"parameter {with_words(name, called, 'en')}: {before} → {value} from {show_day(day, 'en')}"
    if later:
        zh += f"，至 {show_day(later[0][0], 'zh')}起为 {later[0][1]}"
        en += f", until it is {later[0][1]} from {show_day(later[0][0], 'en')}"
    return zh, en


def _bands(bands: Sequence[Sequence[Any]], zh: bool) -> str:
    parts = [f"{show(start)} 起 {count} 人" if zh else f"{count} from {show(start)}" for start, count in bands]
    return ("、" if zh else ", ").join(parts)


def _policy(session: Session, fields: Mapping[str, Any]) -> Effect:
    name, bands, whose = fields["name"], fields["bands"], fields["whose"]
    row = _row(session, "policies", whose, name) or _row(session, "policies", "", name)
    after, called = (_bands(bands, True), _bands(bands, False)), POLICIES.get(name)
    if row is None:
        return (
            f"审批规则 {name} 目前没有，将新设复核人数：{after[0]}；请核对名称",
            f"there is no policy {name}; it would be new, checkers: {after[1]}; check the name",
        )
    held = row.fields["bands"]
    return (
        f"审批规则 {with_words(name, called, 'zh')}的复核人数：{_bands(held, True)} → {after[0]}",
        f"checkers under policy {with_words(name, called, 'en')}: {_bands(held, False)} → {after[1]}",
    )


def _status(session: Session, fields: Mapping[str, Any]) -> Effect:
    row = _row(session, "contracts", fields["name"])
    before, after = "-" if row is None else str(row.fields["status"]), str(fields["state"])
    name = fields["name"]
    return (
        f"合约 {name}：{choice_word(before, 'zh')} → {choice_word(after, 'zh')}",
        f"contract {name}: {before} → {after}",
    )


def _ballot(session: Session, fields: Mapping[str, Any]) -> Effect:
    kind, row = str(fields["name"]), _row(session, "ballots", fields["name"])
    held, count = (("supervisor",), 1) if row is None else (row.fields["roles"], row.fields["count"])
    roles, needed = fields["roles"], fields["value"]

    def among(names: Sequence[str], language: str) -> str:
        return "、".join(choice_word(n, "zh") for n in names) if language == "zh" else "/".join(names)

    before, after = f"{among(held, 'zh')}中 {count} 家", f"{among(roles, 'zh')}中 {needed} 家"
    return (
        f"{choice_word(kind, 'zh', KINDS)}类提案：{before} → {after}",
        f"proposals of kind {kind}: {count} of {among(held, 'en')} → {needed} of {among(roles, 'en')}",
    )


def _contract(session: Session, fields: Mapping[str, Any]) -> Effect:
    name, height, source = fields["name"], fields["height"], fields["source"]
    row, interface = _row(session, "contracts", name), fields.get("interface")
    if type(source) is str:
        source = session.suite.hasher("source")(source.encode("utf-8"))
    since = (
        (f"自高度 {height} 起，源码摘要 {source.hex()}", f"from height {height}, source {source.hex()}")
        if height
        else (f"获批后即生效，源码摘要 {source.hex()}", f"as soon as it is approved, source {source.hex()}")
    )
    head = "" if interface is None else interface.hex()[:DIGEST_SHOWN]
    if row is None:
        shown = ("", "") if interface is None else (f"，接口 {head}…", f", interface {head}…")
        return f"新合约 {name}{shown[0]}，{since[0]}", f"a new contract {name}{shown[1]}, {since[1]}"
    before, version = row.fields["interface"].hex()[:DIGEST_SHOWN], row.fields["version"]
    zh, en = (
        f"合约 {name}：第 {version} 版 → 第 {version + 1} 版",
        f"contract {name}: version {version} → {version + 1}",
    )
    if interface is not None:
        same = interface == row.fields["interface"]
        zh += "，接口不变" if same else f"，接口 {before}… → {head}…"
        en += ", the same interface" if same else f", interface {before}… → {head}…"
    return f"{zh}，{since[0]}", f"{en}, {since[1]}"


_TELLERS: Final[Mapping[str, Callable[[Session, Mapping[str, Any]], Effect]]] = {
    "parameter": _parameter,
    "policy": _policy,
    "status": _status,
    "ballot": _ballot,
    "contract": _contract,
}
