"""`lugang contract`: what the chain would say of a contract, before it is uploaded, and its stories."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Final

import click

from contracts.language.compiler import compile_contract
from contracts.notation import StoryError
from contracts.story import Story, bare, compare, rewritten
from ledger.errors import Refused
from ledger.interface import Action, Type

EXIT_REFUSED: Final = 1


@click.group(help="合约：检查与测试。Contracts: check and test.")
def contract() -> None:
    pass


@contract.command(help="按链上规则检查合约源码。Say what the chain would say of a contract's source.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    worst = 0
    for file in files:
        try:
            program = compile_contract(file.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            click.echo(f"{file}：不是 UTF-8 文本 · not UTF-8: {error.reason}", err=True)
            worst = EXIT_REFUSED
        except Refused as refused:
            click.echo(f"{file}: {refused.code} {refused.text('zh')} | {refused.text('en')}", err=True)
            worst = EXIT_REFUSED
        else:
            interface = program.interface(file.stem)
            click.echo(f"{file}：通过 · accepted")
            for action in interface.actions:
                click.echo(f"  {describe(action)}")
            for view in interface.views:
                arguments = ", ".join(f"{entry.name}: {type_text(entry.type)}" for entry in view.arguments)
                click.echo(f"  view {view.name}({arguments}) -> {type_text(view.returns)}")
    sys.exit(worst)


def describe(action: Action) -> str:
    """One line: the action, its arguments, who may."""
    arguments = ", ".join(f"{entry.name}: {type_text(entry.type)}" for entry in action.arguments)
    who = action.who
    parts = [
        f"role {'/'.join(who.roles)}" if who.roles else "",
        f"capacity {'/'.join(who.capacities)}" if who.capacities else "",
        f"{'/'.join(who.party)} of {who.on}" if who.party else "",
        f"policy {who.policy}" if who.policy else "",
        f"permission {who.permission}" if who.permission else "",
        f"contracts {'/'.join(who.callers)}" if who.callers else "",
        "anyone" if who.anyone else "",
    ]
    return f"action {action.name}({arguments}) by {', '.join(part for part in parts if part)}"


def type_text(kind: Type) -> str:
    """A type as people read it."""
    names = {"array": "list of ", "row": "", "record": "", "choice": ""}
    inner = ", ".join(type_text(item) for item in kind.items)
    if kind.kind == "record":
        text = kind.names[0]
    elif kind.kind == "choice":
        text = "|".join(kind.names)
    elif kind.kind in names:
        text = f"{names[kind.kind]}{inner}" if kind.kind == "array" else f"({inner})"
    else:
        text = kind.kind
    return f"{text} or nothing" if kind.optional else text


@contract.command(help="运行合约故事。Tell stories and compare with what is written.")
@click.argument("stories", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rewrite", is_flag=True, help="以实际结果改写故事。Write what really happens into the story.")
def test(stories: tuple[Path, ...], rewrite: bool) -> None:
    worst = 0
    for path in stories:
        try:
            worst |= _tell(path, rewrite=rewrite)
        except StoryError as error:
            click.echo(str(error), err=True)
            worst = EXIT_REFUSED
        except Refused as refused:
            click.echo(f"{path}: {refused.code} {refused.text('zh')} | {refused.text('en')}", err=True)
            worst = EXIT_REFUSED
    sys.exit(worst)


def _tell(path: Path, *, rewrite: bool) -> int:
    source = path.with_suffix(".py").read_text(encoding="utf-8")
    story = Story(path.stem, path.read_text(encoding="utf-8"), source)
    if rewrite:
        path.write_text(rewritten(story), encoding="utf-8")
        click.echo(f"{path}：已改写 · rewritten")
        return 0
    differences = compare(story)
    for block, outcome in differences:
        click.echo(f"{path}:{block.line}: {block.command}", err=True)
        expected = [bare(line) for line in block.outcome or []]
        for line in list(difflib.unified_diff(expected, outcome, "written", "happens", lineterm="", n=0))[2:]:
            click.echo(f"  {line}", err=True)
    if not differences:
        click.echo(f"{path}：{len(story.blocks)} 步一致 · steps agree")
    return EXIT_REFUSED if differences else 0


COMMANDS: Final[dict[str, click.Command]] = {"contract": contract}
