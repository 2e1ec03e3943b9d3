"""`lugang key …` and `lugang config`: identities, their backup, the chain and nodes that a wallet uses."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ledger.genesis import ORGANISATION_CHARACTERS
from ledger.language import LANGUAGES, half_of
from ledger.national import suite_named
from wallet.console import EXIT_CODES, App, wallet_command
from wallet.home import chain_of
from wallet.keystore import CHEAP, STRONG, Keystore, make_keystore, new_secret, secret_of, words_of
from wallet.problems import problem

WORDS_BYTES_MAX = 4096
ORGANISATION_CHARACTERS_MIN = 2


def describe_key(keystore: Keystore) -> dict[str, Any]:
    return {
        "label": keystore.label,
        "organisation": keystore.organisation,
        "suite": keystore.suite,
        "public_key": keystore.public_key.hex(),
        "test_key": keystore.is_cheap,
    }


def show_key(app: App, keystore: Keystore) -> dict[str, Any]:
    app.say(
        f"{keystore.label}  机构 {keystore.organisation}  套件 {keystore.suite}\n公钥 {keystore.public_key.hex()}",
        f"{keystore.label}  of {keystore.organisation}, suite {keystore.suite}\npublic key {keystore.public_key.hex()}",
    )
    if keystore.is_cheap:
        app.say("注意：此密钥仅供测试，口令保护很弱", "mind: a key for tests, whose passphrase protects it only weakly")
    return describe_key(keystore)


def _suite_name(app: App, given: str | None) -> str:
    if given is not None:
        return given
    return app.suite().name


def _keep(app: App, secret: bytes, label: str, *, organisation: str, suite: str, cheap: bool) -> Keystore:
    if len(organisation) < ORGANISATION_CHARACTERS_MIN or not set(organisation) <= ORGANISATION_CHARACTERS:
        raise problem("WAL-011", argument="org", detail="2 or more of a-z 0-9 - expected")
    app.home.check_free(label)
    passphrase = app.passphrase(label, new=True)
    cost = CHEAP if cheap else STRONG
    keystore = make_keystore(suite_named(suite), secret, passphrase, label=label, organisation=organisation, cost=cost)
    app.home.add_keystore(keystore)
    if app.config.identity is None:
        app.home.save_config(replace(app.config, identity=label))
    return keystore


_suite_option = click.option("--suite", type=click.Choice(["intl", "gm"]), help="默认取自创世文件 · from the genesis")
_cheap_option = click.option("--test-key", is_flag=True, help="弱口令保护，仅供测试链 · for devnets only")


@wallet_command("new", "新建身份，显示 24 个助记词", "make an identity and show its 24 words once")
@click.argument("label")
@click.option("--organisation", "--org", required=True, help="所属机构代号 · the organisation's slug")
@click.option("--words", type=click.Choice(["en", "zh"]), default="en", help="助记词语言 · language of the words")
@_suite_option
@_cheap_option
def new(app: App, *, label: str, organisation: str, words: str, suite: str | None, test_key: bool) -> dict[str, Any]:
    name = _suite_name(app, suite)
    secret = new_secret(suite_named(name))
    keystore = _keep(app, secret, label, organisation=organisation, suite=name, cheap=test_key)
    backup = words_of(secret, words)
    app.say(
        "请抄写以下助记词并妥善保管，它们等同于密钥：", "Write these words down and keep them safe; they are the key:"
    )
    app.say(backup, backup)
    return {**show_key(app, keystore), "words": backup}


@wallet_command("restore", "用助记词恢复身份", "restore an identity from its words")
@click.argument("label")
@click.option("--organisation", "--org", required=True, help="所属机构代号 · the organisation's slug")
@click.option(
    "--words-file", type=click.Path(path_type=Path, dir_okay=False), help="助记词文件 · a file with the words"
)
@_suite_option
@_cheap_option
def restore(
    app: App, *, label: str, organisation: str, words_file: Path | None, suite: str | None, test_key: bool
) -> dict[str, Any]:
    text = _read_words(app, words_file)
    name = _suite_name(app, suite)
    keystore = _keep(app, secret_of(text), label, organisation=organisation, suite=name, cheap=test_key)
    return show_key(app, keystore)


def _read_words(app: App, file: Path | None) -> str:
    """From a file, from a pipe, or from a terminal that does not show them."""
    try:
        if file is not None:
            with file.open("rb") as opened:
                return opened.read(WORDS_BYTES_MAX).decode("utf-8")
        if not sys.stdin.isatty():
            return sys.stdin.read(WORDS_BYTES_MAX)
    except (OSError, UnicodeDecodeError) as error:
        # The message of a decoding error quotes what it read, which may be most of a secret.
        detail = error.strerror or "OS" if isinstance(error, OSError) else "not UTF-8"
        raise problem("WAL-014", file=str(file or "-"), detail=detail) from None
    return str(click.prompt(app.words("24 个助记词", "The 24 words"), hide_input=True, err=True))


@wallet_command("list", "身份列表", "list identities")
def list_keys(app: App) -> dict[str, Any]:
    keystores = [app.home.keystore(label) for label in app.home.labels()]
    chosen = app.config.identity
    app.table(
        (("", ""), ("名称", "name"), ("机构", "organisation"), ("套件", "suite"), ("公钥", "public key")),
        [("*" if k.label == chosen else "", k.label, k.organisation, k.suite, k.public_key.hex()) for k in keystores],
    )
    return {"identities": [describe_key(keystore) for keystore in keystores], "chosen": chosen}


@wallet_command("show", "显示身份；--words 显示助记词", "show an identity; --words shows its backup")
@click.argument("name", required=False)
@click.option("--words", type=click.Choice(["en", "zh"]), help="显示助记词 · show the backup in this language")
def show(app: App, name: str | None, words: str | None) -> dict[str, Any]:
    keystore = app.keystore(name)
    answer = show_key(app, keystore)
    if words is not None:
        secret = keystore.unlock(app.passphrase(keystore.label), suite_named(keystore.suite))
        backup = words_of(secret, words)
        app.say(backup, backup)
        answer["words"] = backup
    return answer


@wallet_command("use", "选择身份", "choose the identity to act as")
@click.argument("name")
def use(app: App, name: str) -> dict[str, Any]:
    keystore = app.home.keystore(name)
    app.home.save_config(replace(app.config, identity=name))
    return show_key(app, keystore)


@click.group("key", epilog=EXIT_CODES)
def key() -> None:
    """身份与密钥 · identities and their keys"""


for _command in (new, restore, list_keys, show, use):
    key.add_command(_command)


@wallet_command("config", "固定链与节点", "pin the chain and say which nodes to ask")
def config(app: App) -> dict[str, Any]:
    _, chain, genesis = chain_of(app.genesis_bytes())
    held = app.config
    if app.nodes_given or app.language_given:
        held = replace(held, nodes=app.nodes_given or held.nodes, language=app.language_given or held.language)
        app.home.save_config(held)
    zh, en = (half_of(genesis.name, language) for language in LANGUAGES)
    app.say(
        f"链 {zh}（{chain.hex()[:16]}…，{genesis.suite}，{genesis.engine}）\n节点 {', '.join(held.nodes) or '无'}",
        f"chain {en} ({chain.hex()[:16]}…, {genesis.suite}, {genesis.engine})\nnodes {', '.join(held.nodes) or 'none'}",
    )
    return {"chain": chain.hex(), "name": genesis.name, "nodes": list(held.nodes), "identity": held.identity,
            "language": held.language}  # fmt: skip
