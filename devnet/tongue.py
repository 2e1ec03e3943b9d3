"""One language at a time: what a command line says of itself, and `--lang` anywhere in it.

Help is written as `中文 · English`, or as 中文, an empty line, English. `speak` makes copies of commands whose help has
the one half that the reader asked for; commands stay as they were written, so one process can speak both languages.
It imports click and the rule alone, for `lugang --help` must be as quick as Python.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Final

import click

from ledger.language import LANGUAGES, VARIABLE, half_of, language_in

OPTION: Final = "--lang"


def words(zh: str, en: str) -> str:
    return zh if language_in(os.environ) == "zh" else en


def listen(args: Sequence[str], own: bool) -> list[str]:
    """Notes the language that the command line asks for. `--lang` is taken out of it unless the command has an option
    of its own by that name (`own`); a language that is none is left for click to refuse."""
    left: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*left, word, *rest]
        name, equals, value = word.partition("=")
        if name != OPTION or not (equals or rest):
            left.append(word)
            continue
        given = [word] if equals else [word, rest.pop(0)]
        value = value if equals else given[1]
        if value in LANGUAGES:
            os.environ[VARIABLE] = value
        if own or value not in LANGUAGES:
            left += given
    return left


def speak(command: click.Command) -> click.Command:
    """The command and everything below it with help in the reader's language."""
    language = language_in(os.environ)
    spoken = copy.copy(command)
    for name in ("help", "short_help", "epilog"):
        text = getattr(spoken, name)
        if text:
            setattr(spoken, name, half_of(text, language))
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
