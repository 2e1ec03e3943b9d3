"""Outcomes and rows in words, and as objects for `--json`; shared by the commands."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from ledger.errors import Refusal, Refused, refuse
from ledger.glossary import field_name
from ledger.interface import Action, Interface, RecordForm, Type, View
from ledger.money import show
from ledger.receipt import EventRow, Receipt
from ledger.statement import ID_BYTES
from ledger.transaction import Body
from ledger.wording import short_id, show_time
from wallet.console import App
from wallet.forms import Reading, plain
from wallet.problems import LiteralRefused, problem
from wallet.session import Outcome, Row
from wallet.trust import ProvenReceipt
from wallet.vouchers import RootAccount

APPROVAL = "approval"
BATCH_RUN = ("batch", "run")


def reading(app: App, contract: str) -> Reading:
    """How arguments of this contract are read here: ids by what lists have shown."""
    interface, suite, seen = app.session.interface(contract), app.session.suite.name, app.home.seen()
    return Reading(interface, suite, seen, lambda n: numbered(app, n), example_organisation(app))


def example_organisation(app: App) -> str:
    """One that is there, to show how organisations are written."""
    return app.session.genesis.members[-1].organisation


def interface_of(app: App, contract: str) -> Interface:
    """The contract's interface; where there is none, TX-007 with the names that are like it."""
    try:
        return app.session.interface(contract)
    except Refused as refused:
        if refused.code != "TX-007":
            raise
        names = [name for name, _ in app.session.genesis.contracts]
        raise _with_names(refused, contract, names, "lugang describe") from None


Entry = TypeVar("Entry", Action, View)


def entry_named(contract: str, name: str, entries: Sequence[Entry]) -> Entry:
    """The action or view of this name; where there is none, TX-008 with the names that are like it."""
    for entry in entries:
        if entry.name == name:
            return entry
    refused = refuse("TX-008", contract=contract, action=name)
    raise _with_names(refused, name, [entry.name for entry in entries], f"lugang describe {contract}")


def _with_names(refused: Refused, name: str, names: Sequence[str], where: str) -> Refused:
    return with_near(refused, get_close_matches(name, names, n=3), f"；{where} 列出全部", f"; `{where}` lists them")


def with_near(refused: Refused, near: Sequence[str], zh: str = "", en: str = "") -> Refused:
    """The refusal with what was perhaps meant, and where to look."""
    if near:
        zh, en = f"；是否想用 {'、'.join(near)}{zh}", f"; did you mean {' / '.join(near)}{en}"
    own = refused.refusal
    both = Refusal(own.code, refused.text("zh") + zh, refused.text("en") + en, own.status)
    return LiteralRefused(both, **dict(refused.numbers))


def numbered(app: App, number: int) -> bytes:
    """The id in row `number` of the last numbered list that this identity was shown."""
    owner = app.owner()
    rows = app.home.numbered(owner)
    if not 1 <= number <= len(rows):
        raise problem("WAL-017", label=owner.label, number=number, count=len(rows))
    return rows[number - 1]


def ids_in(value: Any) -> list[bytes]:
    """Every record id inside a result or an event."""
    if type(value) is bytes:
        return [value] if len(value) == ID_BYTES else []
    return [found for item in value for found in ids_in(item)] if type(value) is tuple else []


def event_form(app: App, event: EventRow, height: int) -> tuple[Interface, RecordForm] | None:
    """The interface by which an event of a height is read, and the event's form in it."""
    try:
        interface = app.session.interface_at(event.contract, height)
    except Refused:
        return None
    for form in interface.events:
        if form.name == event.event and len(form.fields) == len(event.values):
            return interface, form
    return None


def event_words(app: App, event: EventRow, height: int) -> str:
    found = event_form(app, event, height)
    if found is None:
        return f"{event.contract}.{event.event} {event.values}"
    interface, form = found
    reader = app.session.reader_by(interface)
    colon, comma = reader.say("：", ": "), reader.say("，", ", ")
    parts = []
    for field, value in zip(form.fields, event.values, strict=True):
        if field.type.kind == "organisation" and type(value) is str:
            app.session.learn_names([value])
        parts.append(field_name(field, app.language) + colon + app.session.field_text(reader, field, value))
    return f"{event.contract}.{event.event} {comma.join(parts)}"


def event_object(app: App, event: EventRow, height: int) -> dict[str, Any]:
    found = event_form(app, event, height)
    values: Any
    if found is not None:
        interface, form = found
        pairs = zip(form.fields, event.values, strict=True)
        values = {field.name: plain(interface, field.type, value) for field, value in pairs}
    else:
        values = [plain(app.session.interface("membership"), Type("nothing"), value) for value in event.values]
    return {"contract": event.contract, "event": event.event, "values": values}


def receipt_object(app: App, proven: ProvenReceipt, body: Body | None) -> dict[str, Any]:
    receipt = proven.receipt
    result: Any = None
    if body is not None and receipt.result is not None:
        interface = app.session.client.registry.signed_under(body.contract, body.summary.interface)
        result = plain(interface, interface.action(body.action).returns, receipt.result)
    return {
        "transaction": None if receipt.id is None else receipt.id.hex(),
        "height": receipt.height,
        "index": receipt.index,
        "time_ms": proven.level.header.time,
        "status": receipt.status.name.lower(),
        "code": receipt.code,
        "result": result,
        "events": [event_object(app, event, receipt.height) for event in receipt.events],
        "certified_height": proven.level.certificate.checkpoint.height,
        "certified_by": list(app.session.client.trust.signers(proven.level.certificate)),
        "budget_used": receipt.budget_used,
    }


def say_receipt(app: App, proven: ProvenReceipt, refused: Refused | None) -> None:
    receipt = proven.receipt
    identifier = "-" if receipt.id is None else receipt.id.hex()
    moment = show_time(proven.level.header.time, app.language)
    signers = ", ".join(app.session.client.trust.signers(proven.level.certificate))
    if refused is None:
        app.say(f"已最终确认：高度 {receipt.height}，{moment}", f"final: height {receipt.height}, {moment}")
    else:
        app.say(f"已最终拒绝：高度 {receipt.height}，{moment}", f"refused for good: height {receipt.height}, {moment}")
    app.say(f"交易 {identifier}", f"transaction {identifier}")
    for event in receipt.events:
        shown = event_words(app, event, receipt.height)
        app.say(f"· {shown}", f"· {shown}")
    for identifier_of_row in ids_in(receipt.result if type(receipt.result) is tuple else (receipt.result,)):
        shown = short_id(identifier_of_row)
        app.say(f"编号 {shown}", f"id {shown}")
    app.say(
        f"由 {signers} 签认（高度 {proven.level.certificate.checkpoint.height}）",
        f"certified by {signers} (height {proven.level.certificate.checkpoint.height})",
    )
    if waits_for_checker(receipt):
        app.say("尚未生效，等待复核人复核", "not in force yet: it waits for a checker")


def waits_for_checker(receipt: Receipt) -> bool:
    return any(event.contract == APPROVAL and event.event == "Waiting" for event in receipt.events)


def finish(app: App, outcome: Outcome) -> dict[str, Any]:
    """Print a final outcome, remember its ids; raises the refusal of a refused one."""
    body, receipt = outcome.transaction.body, outcome.receipt
    events = [identifier for event in receipt.events for identifier in ids_in(event.values)]
    app.home.remember([outcome.transaction.id, *ids_in((receipt.result,)), *events])
    say_receipt(app, outcome.proven, outcome.refused)
    if (body.contract, body.action) == BATCH_RUN and type(receipt.result) is tuple:
        _say_items(app, receipt.result)
    answer = receipt_object(app, outcome.proven, body)
    answer["waits_for_checker"] = waits_for_checker(receipt)
    app.facts.update(answer)
    if outcome.refused is not None:
        raise outcome.refused
    return answer


def _say_items(app: App, outcomes: tuple[Any, ...]) -> None:
    """The items of a batch that were not done now, by the reference that their sender gave them."""
    for reference, outcome in outcomes:
        if outcome == "known":
            app.say(f"- {reference}：此前已办理", f"- {reference}: done before")
        elif outcome != "done":
            app.say(f"✗ {reference}：被拒，{outcome}", f"✗ {reference}: refused, {outcome}")


def row_object(app: App, row: Row) -> dict[str, Any]:
    interface = app.session.interface(row.contract)
    [form] = [form for form in interface.maps if form.name == row.map]
    kinds = {field.name: field.type for field in interface.record(form.record).fields}
    return {
        "id": row.key[0].hex() if row.key and type(row.key[0]) is bytes else list(row.key),
        "height": row.height,
        **{name: plain(interface, kinds[name], value) for name, value in row.fields.items()},
    }


def say_row(app: App, row: Row) -> None:
    comma, colon = app.words("，", ", "), app.words("：", ": ")
    key = " ".join(short_id(part) if type(part) is bytes else str(part) for part in row.key)
    if row.record is None:
        app.say(f"{row.contract}.{row.map} {key} 不存在", f"{row.contract}.{row.map} {key} does not exist")
        return
    shown = comma.join(label + colon + text for label, text in app.session.show_row(row))
    app.say(f"{row.contract}.{row.map} {key}（高度 {row.height} 已证明）{shown}",
            f"{row.contract}.{row.map} {key} (proven at height {row.height}) {shown}")  # fmt: skip


def say_account(app: App, account: RootAccount) -> None:
    parts = [show(amount) for amount in (account.live, account.redeemed, account.cancelled, account.issued)]
    state = app.words("完整", "complete") if account.is_complete else app.words("不完整", "NOT complete")
    app.say(
        f"凭证 {short_id(account.root)}：现存 {parts[0]} + 已兑付 {parts[1]} + 已注销 {parts[2]}，"
        f"开立 {parts[3]}：{state}",
        f"voucher {short_id(account.root)}: live {parts[0]} + redeemed {parts[1]} + cancelled {parts[2]}, "
        f"issued {parts[3]}: {state}",
    )


def account_object(account: RootAccount) -> dict[str, Any]:
    return {"root": account.root.hex(), "issued_fen": account.issued, "live_fen": account.live,
            "redeemed_fen": account.redeemed, "cancelled_fen": account.cancelled, "missing_fen": account.missing,
            "complete": account.is_complete}  # fmt: skip
