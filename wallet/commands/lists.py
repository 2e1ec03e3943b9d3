"""`lugang inbox` and `holdings`: what awaits an organisation, and what it holds.

A list comes from views on which t nodes agree at one certified height; each of its rows is then proven from the
genesis, and what is shown is the proven row, not what a view said of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import click

from ledger.choices import choice_word
from ledger.errors import Refused
from ledger.interface import Action, Interface, MapForm, View
from ledger.language import counted
from ledger.lexicon import REGISTRY
from ledger.money import show
from ledger.statement import ID_BYTES
from ledger.wording import short_id, show_day, show_organisation
from wallet.client import Agreed
from wallet.commands.calls import agreement, no_organisation
from wallet.commands.words import APPROVAL, row_object
from wallet.console import App, wallet_command
from wallet.exporter import pages
from wallet.problems import problem
from wallet.session import Row
from wallet.vouchers import ROOTS, TRANCHES, VOUCHER

AWAITING: Final = "inbox"
AWAITING_ACTION: Final = "to_"
"""A view `inbox`, and views `to_…`, list what awaits their first argument, an organisation. What follows is the action
that is waited for, or the beginning of several (`to_sign`: `sign_as_holder`, `sign_as_funder`)."""
ENDLESS: Final = "WAL-039"
TOO_LONG: Final = "RPC-007"
DEADLINES: Final = ("until", "due", "value_day")
PARTIES: Final = (
    "owner", "payer", "payee", "seller", "buyer", "issuer", "funder", "holder", "core", "subject", "collector",
)  # fmt: skip
ROWS_SHOWN_MAX: Final = 20
PAGES_MAX: Final = 100
"""Of one list in an inbox. A contract whose list never ends must not keep the others' from being seen."""
ARGUMENTS_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that awaits an organisation."""

    title: tuple[str, str]
    row: Row
    actions: tuple[str, ...]

    @property
    def deadline(self) -> int | None:
        for name in DEADLINES:
            if type(self.row.fields.get(name)) is int:
                return int(self.row.fields[name])
        return None


@dataclass(frozen=True, slots=True)
class Unread:
    """A list that a contract does not give, and why."""

    contract: str
    view: str
    refused: Refused


def read_pages(
    app: App, contract: str, view: str, args: tuple[Any, ...], pages_max: int | None = None
) -> tuple[list[Any], Agreed]:
    """All rows of a view, page by page where it has an `after`, and the agreement on its last page. Raises WAL-039
    where there are more pages."""
    paged = app.session.interface(contract).view(view).arguments[-1].name == "after"
    rows: list[Any] = []
    page = 0
    while page != pages_max:
        after = () if not paged else (None if not rows else _key_of(rows[-1]),)
        agreed = app.session.view(contract, view, (*args, *after))
        rows += list(agreed.result)
        if not paged or not agreed.result:
            return rows, agreed
        page += 1
    raise problem(ENDLESS, contract=contract, view=view, limit=page)


def _key_of(item: Any) -> Any:
    return item[0] if type(item) is tuple else item


def awaiting_views(interface: Interface) -> list[View]:
    return [
        view
        for view in interface.views
        if (view.name == AWAITING or view.name.startswith(AWAITING_ACTION))
        and view.arguments
        and view.arguments[0].type.kind == "organisation"
        and all(field.name == "after" for field in view.arguments[1:])
    ]


def map_of_rows(interface: Interface, view: View) -> MapForm | None:
    """The map whose rows a view returns as (key, row) pairs."""
    [item] = view.returns.items if len(view.returns.items) == 1 else (view.returns,)
    records = [part.names[0] for part in item.items if part.kind == "record"]
    for form in interface.maps:
        if records == [form.record]:
            return form
    return None


def actions_on(interface: Interface, view: View, form: MapForm, row: Row, organisation: str) -> tuple[str, ...]:
    """What this organisation may do with a row: what the view's name says, else acts on the row whose party it is."""
    wanted = view.name.removeprefix(AWAITING_ACTION) if view.name != AWAITING else ""

    def is_mine(action: Action) -> bool:
        who = action.who
        mine = any(row.fields.get(name) == organisation for name in who.party)
        if not wanted:
            return who.on == form.name and mine and not who.callers
        named = action.name == wanted or action.name.startswith(f"{wanted}_")
        return named and (mine or not who.party) and not who.callers

    return tuple(action.name for action in interface.actions if is_mine(action))


def contracts_there(app: App) -> list[str]:
    """The genesis's contracts, and those that came later."""
    names = [name for name, _ in app.session.genesis.contracts]
    if REGISTRY in names:
        names += pages(app.session, REGISTRY, "list_contracts", ())
    return list(dict.fromkeys(names))


def collect(app: App, organisation: str) -> tuple[list[Waiting], list[Agreed], list[Unread]]:
    found: list[Waiting] = []
    agreements: list[Agreed] = []
    unread: list[Unread] = []
    for contract in contracts_there(app):
        for view in awaiting_views(app.session.interface(contract)):
            try:
                rows, agreed = _awaiting(app, contract, view, organisation)
            except Refused as refused:
                if not _is_of_contract(refused):
                    raise
                unread.append(Unread(contract, view.name, app.session.worded(refused)))
                continue
            found += rows
            agreements += agreed
    return sorted(found, key=lambda entry: (entry.deadline is None, entry.deadline or 0)), agreements, unread


def _awaiting(app: App, contract: str, view: View, organisation: str) -> tuple[list[Waiting], list[Agreed]]:
    interface = app.session.interface(contract)
    form = map_of_rows(interface, view)
    if form is None:
        return [], []
    items, agreed = read_pages(app, contract, view.name, (organisation,), PAGES_MAX)
    rows = app.session.rows(contract, form.name, [_parts(_key_of(item)) for item in items])
    return [
        Waiting((view.zh, view.en), row, actions_on(interface, view, form, row, organisation))
        for row in rows
        if row.record is not None
    ], [agreed]


def _is_of_contract(refused: Refused) -> bool:
    """The contract's own fault: it refuses to list, takes too long, never ends or names rows by what is no key. What
    nodes or the network fail with concerns every list."""
    return refused.code in (ENDLESS, TOO_LONG) or not refused.code.startswith(("WAL-", "RPC-"))


def _parts(key: Any) -> tuple[Any, ...]:
    return key if type(key) is tuple else (key,)


@wallet_command("inbox", "待办：编号、期限、可办理的业务", "what awaits you, numbered, with deadlines")
@click.option("--organisation", "--org", help="默认为所选身份的机构 · by default that of the identity")
def inbox(app: App, *, organisation: str | None) -> dict[str, Any]:
    # Another organisation's list has no numbers: nothing in it can be acted on from here.
    is_own = organisation is None or app.acts_for(organisation)
    mine = _known(app, organisation) if organisation else app.organisation()
    entries, agreements, unread = collect(app, mine)
    pending_rows, agreed = waiting_rows(app, mine)
    agreements.append(agreed)
    title = ("待复核", "waits for a checker")
    entries += [Waiting(title, row, ("approve", "reject")) for row in pending_rows]
    ids = [entry.row.key[0] for entry in entries if _has_id(entry.row)]
    app.home.remember(ids, (app.owner(), ids) if is_own else None)
    lines, objects, count = list[tuple[str, ...]](), list[dict[str, Any]](), 0
    for entry in entries:
        count += _has_id(entry.row)
        number = count if is_own and _has_id(entry.row) else None
        lines.append(_inbox_line(app, entry, mine, "" if number is None else f"#{number}"))
        objects.append({
            "number": number, "contract": entry.row.contract, "map": entry.row.map,
            "kind": entry.title[1], "deadline_day": entry.deadline, "actions": list(entry.actions),
            **row_object(app, entry.row),
        })  # fmt: skip
    _say_whose(app, mine, ("的待办", "what awaits "), is_own=is_own)
    heads = (("", ""), ("事项", "what"), ("编号", "id"), ("金额", "amount"), ("对方", "with"), ("期限", "until"),
             ("可办理", "you may"))  # fmt: skip
    if lines:
        app.table(heads, lines, amounts=(3,))
    elif not is_own:
        app.say("没有待办", "nothing")
    else:
        app.say(
            "没有待办；lugang key list 列出本机的其他身份，用 --key 名称选择",
            "nothing awaits you; `lugang key list` shows the other identities here, --key NAME takes one",
        )
    return {"organisation": mine, "items": objects, **_agreements(app, agreements), **_say_unread(app, unread)}


def _say_unread(app: App, unread: list[Unread]) -> dict[str, Any]:
    """What a list lacks that no node is to blame for. An inbox without it is not complete."""
    for entry in unread:
        name, refused = f"{entry.contract}.{entry.view}", entry.refused
        app.say(
            f"注意：{name} 未能列出，待办可能不全：{refused.code} {refused.text('zh')}",
            f"mind: {name} could not be listed, more may await: {refused.code} {refused.text('en')}",
        )
    told = [{"contract": e.contract, "view": e.view, "code": e.refused.code,
             "zh": e.refused.text("zh"), "en": e.refused.text("en")} for e in unread]  # fmt: skip
    return {"unread": told, **({"complete": False} if unread else {})}


def _known(app: App, organisation: str) -> str:
    """An organisation that somebody typed; raises WAL-024 where the chain has none of this name."""
    if app.session.unrecorded((organisation,)):
        raise no_organisation(app, [organisation])
    return organisation


def _say_whose(app: App, organisation: str, what: tuple[str, str], *, is_own: bool) -> None:
    app.session.learn_names([organisation])
    name = show_organisation(app.session.reader(APPROVAL), organisation)
    label = app.words(f"，身份 {app.keystore().label}", f", as {app.keystore().label}") if is_own else ""
    app.say(f"{name}{what[0]}{label}", f"{what[1]}{name}{label}")


def _has_id(row: Row) -> bool:
    return bool(row.key) and type(row.key[0]) is bytes and len(row.key[0]) == ID_BYTES


def _inbox_line(app: App, entry: Waiting, mine: str, number: str) -> tuple[str, ...]:
    row = entry.row
    reader = app.session.reader(row.contract)
    amounts = [row.fields[name] for name in ("face", "amount", "gross") if type(row.fields.get(name)) is int]
    others = [row.fields[name] for name in PARTIES
              if type(row.fields.get(name)) is str and row.fields[name] != mine]  # fmt: skip
    app.session.learn_names(others[:1])
    key = short_id(row.key[0]) if _has_id(row) else " ".join(map(str, row.key))
    return (
        number,
        app.words(*entry.title),
        key,
        show(amounts[0]) if amounts else "",
        show_organisation(reader, others[0]) if others else "",
        "" if entry.deadline is None else show_day(entry.deadline, app.language),
        " ".join(f"{row.contract}.{name}" for name in entry.actions),
    )


def _agreements(app: App, agreements: list[Agreed]) -> dict[str, Any]:
    """The weakest of several agreements stands for all."""
    weakest = min(agreements, key=lambda agreed: (len(agreed.nodes), agreed.height))
    return agreement(app, weakest)


@wallet_command("holdings", "持有的凭证", "the vouchers an organisation holds")
@click.option("--organisation", "--org", help="默认为所选身份的机构 · by default that of the identity")
@click.option("--all", "show_all", is_flag=True, help="逐张列出 · list every voucher, however many")
def holdings(app: App, *, organisation: str | None, show_all: bool) -> dict[str, Any]:
    is_own = organisation is None or app.acts_for(organisation)
    mine = _known(app, organisation) if organisation else app.organisation()
    items, agreed = read_pages(app, VOUCHER, "held_by", (mine,))
    rows = [row for row in app.session.rows(VOUCHER, TRANCHES, [(item[0],) for item in items])
            if row.fields.get("owner") == mine and row.fields.get("live")]  # fmt: skip
    roots = {row.key[0]: row for row in app.session.rows(VOUCHER, ROOTS, [(row.fields["root"],) for row in rows])}
    app.home.remember([*(row.key[0] for row in rows), *roots])
    reader = app.session.reader(VOUCHER)
    app.session.learn_names([root.fields["issuer"] for root in roots.values()])
    heads = (("编号", "id"), ("面额", "face"), ("承诺付款人", "issuer"), ("到期日", "due"), ("状态", "state"),
             ("原始凭证", "root"))  # fmt: skip
    lines = []
    for row in rows:
        root = roots[row.fields["root"]].fields
        state = choice_word(str(row.fields["lock"]), app.language)
        state += app.words("，司法冻结", ", frozen") if row.fields.get("order") else ""
        lines.append((short_id(row.key[0]), show(row.fields["face"]), show_organisation(reader, root["issuer"]),
                      show_day(root["due"], app.language), state, short_id(row.fields["root"])))  # fmt: skip
    total = sum(row.fields["face"] for row in rows)
    _say_whose(app, mine, ("持有的凭证", "vouchers of "), is_own=is_own)
    if rows and (len(rows) <= ROWS_SHOWN_MAX or show_all):
        app.table(heads, lines, amounts=(1,))
    elif rows:
        _say_sums(app, rows, roots)
    app.say(f"合计 {len(rows)} 张，人民币 {show(total)} 元", f"{counted(len(rows), 'voucher')}, CNY {show(total)}")
    objects = [{**row_object(app, row), "issuer": roots[row.fields["root"]].fields["issuer"],
                "due": roots[row.fields["root"]].fields["due"]} for row in rows]  # fmt: skip
    return {"organisation": mine, "holdings": objects, "total_fen": total, **agreement(app, agreed)}


def _say_sums(app: App, rows: list[Row], roots: dict[bytes, Row]) -> None:
    """What an organisation holds of each issuer for each due day, the earliest first."""
    sums: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        root = roots[row.fields["root"]].fields
        sums.setdefault((root["due"], root["issuer"]), []).append(row.fields["face"])
    reader = app.session.reader(VOUCHER)
    heads = (("承诺付款人", "issuer"), ("到期日", "due"), ("张数", "vouchers"), ("面额合计", "face"))
    lines = [
        (show_organisation(reader, issuer), show_day(due, app.language), str(len(faces)), show(sum(faces)))
        for (due, issuer), faces in sorted(sums.items())
    ]
    app.table(heads, lines, amounts=(2, 3))
    app.say("逐张列出请加 --all", "--all lists every voucher")


def waiting_rows(app: App, organisation: str) -> tuple[list[Row], Agreed]:
    ids, agreed = read_pages(app, APPROVAL, "waiting_in", (organisation,))
    rows = app.session.rows(APPROVAL, "items", [(identifier,) for identifier in ids])
    return [row for row in rows if row.record is not None], agreed
