"""How the commands of a devnet answer: in the person's language, or with one JSON object; failures in words.

A command prints for people through `say` and returns nothing, or returns the object that `--json` prints. A refusal
(ours, the wallet's or the chain's) becomes its code and sentence and the exit code of its kind; nothing that a user can
bring about ends in a traceback.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from devnet.plan import DEFAULT_DIR
from devnet.problems import exit_code_of, problem
from devnet.tongue import speak
from ledger.errors import Refused
from node.language import language, words
from wallet.terminal import answer_json, harmless, leave

folder_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=DEFAULT_DIR,
    show_default=True,
    help="试验网目录 · the devnet's folder",
)
json_option = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象 · answer with one JSON object")


EXIT_CODES: Final = (
    "退出码：0 完成，1 数字或检查不符，2 用法，3 现在无法完成，4 未找到篡改处，129、130、143 已中断\n\n"
    "Exit codes: 0 done, 1 a figure or a check differs, 2 usage, 3 not possible now, 4 the forged figure was not "
    "found, 129, 130, 143 interrupted"
)


def say(zh: str, en: str, *, err: bool = False) -> None:
    click.echo(harmless(words(zh, en)), err=err)


def fail(refused: Refused, *, as_json: bool) -> NoReturn:
    leave(refused, exit_code_of(refused), language=language(), as_json=as_json)


def _in_a_list(help_text: str | None) -> str:
    """Both languages of a help text, for the list of commands."""
    return (help_text or "").replace("。\n\n", " · ").rstrip(".")


class DevnetCommand(click.Command):
    """A command whose refusals are sentences; an object that it returns is its answer under `--json`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.short_help = _in_a_list(self.help)

    def invoke(self, ctx: click.Context) -> Any:
        as_json = bool(ctx.params.get("as_json"))
        try:
            answer = super().invoke(ctx)
        except Refused as refused:
            fail(refused, as_json=as_json)
        except (KeyboardInterrupt, click.Abort):
            fail(problem("DEV-020"), as_json=as_json)
        if as_json and isinstance(answer, dict):
            answer_json({"ok": True, **answer})
        return None


class DevnetGroup(click.Group):
    """Commands under one word. Those of `parts` (name: module) stay on the disk until they are called: the simulator
    and the benchmark take as long to import as a node, and a devnet is started, asked and stopped far more often."""

    command_class = DevnetCommand

    def __init__(self, *arguments: Any, parts: Mapping[str, str] | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._parts = dict(parts or {})
        self.short_help, self.epilog = _in_a_list(self.help), EXIT_CODES

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *self._parts]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._parts:
            return super().get_command(ctx, cmd_name)
        command = getattr(importlib.import_module(self._parts[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        return speak(command)
