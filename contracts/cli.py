"""`lugang contract`: what the chain would say of a contract, before it is uploaded, and its stories."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path
from typing import Final

import click

from contracts.language.compiler import compile_contract
from contracts.notation import StoryError
from contracts.story import Story, bare, compare, rewritten
from contracts.upgrades import check_upgrade
from ledger.crypto import SUITE_NAMES
from ledger.errors import Refused
from ledger.interface import Action, Type
from ledger.language import language_in
from ledger.national import suite_named

EXIT_REFUSED: Final = 1


def words(zh: str, en: str) -> str:
    return zh if language_in(os.environ) == "zh" else en


def say_refused(file: Path, refused: Refused) -> None:
    text = refused.text(language_in(os.environ))
    click.echo(words(f"{file}：{refused.code} {text}", f"{file}: {refused.code} {text}"), err=True)


@click.group(
    help="合约：检查与测试。\n\nContracts: check and test.",
    epilog="退出码：0 通过，1 未通过，2 用法\n\nExit codes: 0 accepted, 1 refused, 2 usage",
)
def contract() -> None:
    pass


@contract.command(help="按链上规则检查合约源码。\n\nSay what the chain would say of a contract's source.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--upgrades",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="现行版本的源码：检查能否由其升级 · the source in force: may this replace it?",
)
@click.option("--name", help="合约名称，默认为文件名 · the contract's name, by default the file's")
@click.option("--suite", type=click.Choice(SUITE_NAMES), default="intl", help="链的密码套件 · the chain's cryptography")
def check(files: tuple[Path, ...], upgrades: Path | None, name: str | None, suite: str) -> None:
    worst = 0
    for file in files:
        try:
            source = read_source(file)
            program = compile_contract(source)
            if upgrades is not None:
                check_upgrade(compile_contract(read_source(upgrades)).found, program.found)
        except UnicodeDecodeError as error:
            click.echo(words(f"{file}：不是 UTF-8 文本", f"{file}: not UTF-8: {error.reason}"), err=True)
            worst = EXIT_REFUSED
        except Refused as refused:
            say_refused(file, refused)
            worst = EXIT_REFUSED
        else:
            interface = program.interface(name or file.stem)
            click.echo(words(f"{file}：通过", f"{file}: accepted"))
            digests = suite_named(suite).hasher("source")(source.encode("utf-8")), interface.digest(suite_named(suite))
            shown = [digest.hex() for digest in digests]
            click.echo(
                words(f"  源码摘要 {shown[0]}\n  接口摘要 {shown[1]}", f"  source {shown[0]}\n  interface {shown[1]}")
            )
            for action in interface.actions:
                click.echo(f"  {describe(action)}")
            for view in interface.views:
                arguments = ", ".join(f"{entry.name}: {type_text(entry.type)}" for entry in view.arguments)
                click.echo(f"  {words('查询', 'view')} {view.name}({arguments}) -> {type_text(view.returns)}")
    sys.exit(worst)


def read_source(file: Path) -> str:
    """As it is uploaded: a line's end is not translated, for it is part of what is hashed."""
    with file.open(encoding="utf-8", newline="") as opened:
        return opened.read()


def describe(action: Action) -> str:
    """One line: the action, its arguments, who may."""
    arguments = ", ".join(f"{entry.name}: {type_text(entry.type)}" for entry in action.arguments)
    who = action.who
    parts = [
        f"{words('角色', 'role')} {'/'.join(who.roles)}" if who.roles else "",
        f"{words('资质', 'capacity')} {'/'.join(who.capacities)}" if who.capacities else "",
        words(f"{who.on} 的 {'/'.join(who.party)}", f"{'/'.join(who.party)} of {who.on}") if who.party else "",
        f"{words('审批规则', 'policy')} {who.policy}" if who.policy else "",
        f"{words('权限', 'permission')} {who.permission}" if who.permission else "",
        f"{words('合约', 'contracts')} {'/'.join(who.callers)}" if who.callers else "",
        words("任何成员", "anyone") if who.anyone else "",
    ]
    by = [part for part in parts if part]
    return words(
        f"操作 {action.name}({arguments})，可由：{'，'.join(by)}",
        f"action {action.name}({arguments}) by {', '.join(by)}",
    )


def type_text(kind: Type) -> str:
    """A type as people read it."""
    names = {"array": words("清单 ", "list of "), "row": "", "record": "", "choice": ""}
    inner = ", ".join(type_text(item) for item in kind.items)
    if kind.kind == "record":
        text = kind.names[0]
    elif kind.kind == "choice":
        text = "|".join(kind.names)
    elif kind.kind in names:
        text = f"{names[kind.kind]}{inner}" if kind.kind == "array" else f"({inner})"
    else:
        text = kind.kind
    return words(f"{text}（可空）", f"{text} or nothing") if kind.optional else text


@contract.command(help="运行合约故事。\n\nTell stories and compare with what is written.")
@click.argument("stories", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rewrite", is_flag=True, help="以实际结果改写故事 · write what really happens into the story")
def test(stories: tuple[Path, ...], rewrite: bool) -> None:
    worst = 0
    for path in stories:
        try:
            worst |= _tell(path, rewrite=rewrite)
        except StoryError as error:
            click.echo(str(error), err=True)
            worst = EXIT_REFUSED
        except Refused as refused:
            say_refused(path, refused)
            worst = EXIT_REFUSED
    sys.exit(worst)


def _tell(path: Path, *, rewrite: bool) -> int:
    source = path.with_suffix(".py").read_text(encoding="utf-8")
    story = Story(path.stem, path.read_text(encoding="utf-8"), source)
    if rewrite:
        path.write_text(rewritten(story), encoding="utf-8")
        click.echo(words(f"{path}：已改写", f"{path}: rewritten"))
        return 0
    differences = compare(story)
    for block, outcome in differences:
        click.echo(f"{path}:{block.line}: {block.command}", err=True)
        expected = [bare(line) for line in block.outcome or []]
        for line in list(difflib.unified_diff(expected, outcome, "written", "happens", lineterm="", n=0))[2:]:
            click.echo(f"  {line}", err=True)
    if not differences:
        steps = len(story.blocks)
        click.echo(words(f"{path}：{steps} 步一致", f"{path}: {steps} steps agree"))
    return EXIT_REFUSED if differences else 0


COMMANDS: Final[dict[str, click.Command]] = {"contract": contract}
