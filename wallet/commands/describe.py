"""`lugang describe`: a contract's acts, who may, arguments, views and refusals, from its interface."""

from __future__ import annotations

from typing import Any

import click

from ledger.choices import choice_in_sentence, choice_word
from ledger.glossary import field_name, field_words
from ledger.interface import Action, Field
from wallet.commands.words import entry_named, example_organisation, interface_of
from wallet.console import App, wallet_command
from wallet.forms import example, hint


def who_may(app: App, action: Action) -> str:
    who, parts = action.who, list[str]()
    for zh, en, names in (
        ("角色", "role", who.roles), ("资质", "capacity", who.capacities), ("记录的", "the row's", who.party),
        ("由合约", "called by", who.callers),
    ):  # fmt: skip
        if names:
            called = "调用" if zh == "由合约" and app.language == "zh" else ""
            parts.append(f"{app.words(zh, en)} {'/'.join(_word(app, name, zh) for name in names)} {called}".rstrip())
    if who.policy is not None:
        parts.append(app.words(f"按 {who.policy} 复核", f"checked by policy {who.policy}"))
    if who.permission is not None:
        parts.append(app.words(f"权限 {_word(app, who.permission, '权限')}", f"permission {who.permission}"))
    if who.anyone:
        parts.append(app.words("任何在册成员的人员", "any person of an active member"))
    return app.words("；", "; ").join(parts)


def _word(app: App, name: str, of: str) -> str:
    """A role, capacity, permission or field with its Chinese word; contracts keep their names."""
    if app.language != "zh" or of == "由合约":
        return name
    word = field_words(name, "zh") if of == "记录的" else choice_word(name, "zh")
    return name if word == name else f"{word}（{name}）"


def _arguments(fields: tuple[Field, ...]) -> str:
    shown = []
    for field in fields:
        optional = field.has_default or field.type.optional
        shown.append(f"{'[' if optional else ''}{field.name}=…{']' if optional else ''}")
    return " ".join(shown)


def _say_arguments(app: App, fields: tuple[Field, ...], organisation: str) -> None:
    for field in fields:
        kind = choice_in_sentence(field.type.kind, app.language)
        written = app.words(f"{kind}，写法如 {example(field.type, organisation)}", hint(field.type, organisation))
        app.say(*[f"  {field.name}  {field_name(field, app.language)}  {written}"] * 2)


@wallet_command(
    "describe", "合约说明：业务、参数、谁可办理、查询、拒绝", "what a contract offers and refuses, and who may"
)
@click.argument("contract", required=False)
@click.argument("action", required=False)
def describe(app: App, *, contract: str | None, action: str | None) -> dict[str, Any]:
    if contract is None:
        names = [row.name for row in app.session.client.ask(lambda node: node.contracts()).contracts]
        interfaces = [app.session.interface(name) for name in names]
        app.table((("合约", "contract"), ("", "")), [(i.contract, app.words(i.zh, i.en)) for i in interfaces])
        return {"contracts": names}
    interface = interface_of(app, contract)
    known = app.session.client.registry.in_force(contract)
    digest = known.digest
    organisation = example_organisation(app)
    views = [view for view in interface.views if view.name == action]
    actions = list(interface.actions) if not action else []
    if action and not views:
        actions = [entry_named(contract, action, interface.actions)]
    app.say(f"{contract}：{interface.zh}", f"{contract}: {interface.en}")
    app.say(f"接口摘要 {digest.hex()}", f"interface {digest.hex()}")
    app.say(
        f"第 {known.version} 版，自高度 {known.since} 起，{choice_word(known.status, 'zh')}",
        f"version {known.version} since height {known.since}, {known.status}",
    )
    for entry in actions:
        app.say("", "")
        app.say(*[f"{contract} {entry.name} {_arguments(entry.arguments)}"] * 2)
        app.say(f"  {entry.zh}", f"  {entry.en}")
        app.say(f"  可办理：{who_may(app, entry)}", f"  who may: {who_may(app, entry)}")
        if action:
            _say_arguments(app, entry.arguments, organisation)
    for view in views:
        app.say("", "")
        app.say(*[f"{contract} {view.name} {_arguments(view.arguments)}"] * 2)
        app.say(f"  查询：{view.zh}", f"  view: {view.en}")
        _say_arguments(app, view.arguments, organisation)
    if not action:
        app.say("\n查询", "\nViews")
        for form in interface.views:
            app.say(*[f"  {form.name} {_arguments(form.arguments)}  {app.words(form.zh, form.en)}"] * 2)
        app.say("\n拒绝", "\nRefusals")
        for refusal in interface.refusals:
            app.say(f"  {refusal.code}  {refusal.zh}", f"  {refusal.code}  {refusal.en}")
    return {
        "contract": contract,
        "interface": digest.hex(),
        "version": known.version,
        "since": known.since,
        "status": known.status,
        "actions": [_action_object(entry, organisation) for entry in actions],
        "views": [
            {"name": v.name, "arguments": [f.name for f in v.arguments], "zh": v.zh, "en": v.en}
            for v in views or interface.views
        ],
        "refusals": [{"code": r.code, "zh": r.zh, "en": r.en} for r in interface.refusals],
    }  # fmt: skip


def _action_object(action: Action, organisation: str) -> dict[str, Any]:
    who = action.who
    return {
        "name": action.name,
        "zh": action.zh,
        "en": action.en,
        "arguments": [
            {"name": f.name, "kind": f.type.kind, "optional": f.has_default or f.type.optional, "zh": f.label_zh,
             "en": f.label_en, "hint": hint(f.type, organisation)}
            for f in action.arguments
        ],
        "who": {
            "roles": who.roles, "capacities": who.capacities, "on": who.on, "party": who.party, "policy": who.policy,
            "amount": who.amount, "permission": who.permission, "callers": who.callers, "anyone": who.anyone,
        },
    }  # fmt: skip
