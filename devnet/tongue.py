"""One language at a time: what a command line says of itself, and `--lang` and `--json` anywhere in it.

Help is written as `中文 · English`, or as 中文, an empty line, English. `speak` makes copies of commands whose help has
the one half that the reader asked for; commands stay as they were written, so one process can speak both languages.
It imports click and the rule alone, for `lugang --help` must be as quick as Python.

`--lang` and `--json` belong to the command that is called, the last name on the line. Who types them before it means
the same: `listen` and `behind_names` bring them there.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click

from ledger.language import LANGUAGES, VARIABLE, half_of, language_in

LANG: Final = "--lang"
JSON: Final = "--json"
HEADINGS: Final = {"Options": "选项", "Commands": "命令"}
CLICKS_OWN: Final = (
    ("Show this message and exit.", "显示本说明并退出"),
    ("Show the version and exit.", "显示版本并退出"),
    ("[default: ", "[默认 "),
    ("[required]", "[必填]"),
    ("; required]", "；必填]"),
)


def words(zh: str, en: str) -> str:
    return zh if language_in(os.environ) == "zh" else en


class NoSuchLanguageError(Exception):
    """A language that is neither of the two, and who asked for it."""

    def __init__(self, where: str, found: str) -> None:
        super().__init__(found)
        self.zh = f"{where} 应为 zh 或 en，不是 {found}" if found else f"{where} 之后应为 zh 或 en"
        self.en = f"{where} is zh or en, not {found}" if found else f"{where} takes zh or en"


def listen(args: Sequence[str], environment: Mapping[str, str] = os.environ) -> tuple[list[str], str | None]:
    """Takes `--lang` out of a command line: what is left, and the language asked for, which is noted for everybody.
    Raises `NoSuchLanguageError` for another one, also for one in the environment that no `--lang` overrules."""
    left: list[str] = []
    asked: str | None = None
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            left += [word, *rest]
            break
        name, equals, value = word.partition("=")
        if name != LANG:
            left.append(word)
            continue
        asked = value if equals else rest.pop(0) if rest else ""
        if asked not in LANGUAGES:
            raise NoSuchLanguageError(LANG, asked)
    if asked is not None:
        os.environ[VARIABLE] = asked
    elif environment.get(VARIABLE, "") not in ("", *LANGUAGES):
        raise NoSuchLanguageError(VARIABLE, environment[VARIABLE])
    return left, asked


def behind_names(
    command: click.Command, context: click.Context, args: Sequence[str], extra: Sequence[str]
) -> list[str]:
    """The words behind `command`'s name, with `extra` and each `--json` that stands before the last name behind it."""
    names, held, rest = list[str](), list(extra), list(args)
    while isinstance(command, click.Group) and rest:
        if rest[0] == JSON:
            held.append(rest.pop(0))
            continue
        inner = command.get_command(context, rest[0])
        if inner is None:
            break
        names.append(rest.pop(0))
        command = inner
    # A group takes neither; what is wrong without a name behind it is said by the group.
    return [*names, *rest] if isinstance(command, click.Group) else [*names, *dict.fromkeys(held), *rest]


def speak(command: click.Command) -> click.Command:
    """The command and everything below it with help in the reader's language."""
    language = language_in(os.environ)
    spoken = copy.copy(command)
    for name in ("help", "short_help", "epilog"):
        text = getattr(spoken, name)
        if text:
            setattr(spoken, name, half_of(text, language))
    if spoken.help and not spoken.short_help:
        # A list of commands breaks its lines; click's own short form is cut in the middle.
        spoken.short_help = spoken.help.partition("\n\n")[0].removesuffix(".").removesuffix("。")
    spoken.context_class = context_class(language)
    spoken.params = [_parameter(entry, language) for entry in command.params]
    if isinstance(command, click.Group) and isinstance(spoken, click.Group):
        spoken.commands = {name: speak(inner) for name, inner in command.commands.items()}
    return spoken


def _parameter(parameter: click.Parameter, language: str) -> click.Parameter:
    if not isinstance(parameter, click.Option):
        return parameter
    spoken = copy.copy(parameter)
    if spoken.help:
        spoken.help = half_of(spoken.help, language)
    if isinstance(spoken.prompt, str):
        spoken.prompt = half_of(spoken.prompt, language)
    return spoken


class ChineseFormatter(click.HelpFormatter):
    """click's own words in Chinese."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        args = args.replace("[OPTIONS]", "[选项]").replace("COMMAND [ARGS]...", "命令 [参数]...")
        super().write_usage(prog, args, "用法：" if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{HEADINGS.get(heading, heading)}：\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], *arguments: Any, **options: Any) -> None:
        super().write_dl([(name, _in_chinese(text)) for name, text in rows], *arguments, **options)


def _in_chinese(text: str) -> str:
    for english, chinese in CLICKS_OWN:
        text = text.replace(english, chinese)
    return text


class ChineseContext(click.Context):
    formatter_class = ChineseFormatter


def context_class(language: str) -> type[click.Context]:
    return ChineseContext if language == "zh" else click.Context
