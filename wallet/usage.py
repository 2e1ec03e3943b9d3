"""What was typed wrongly, in the reader's language, or as an object in both under `--json`.

The words are click's own in English; here they are said again in Chinese, so that no sentence holds both languages.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from ledger.api import Problem
from ledger.errors import Refusal, Refused
from ledger.language import LANGUAGES, language_in
from wallet.problems import WALLET_REFUSALS, LiteralRefused, exit_code_of
from wallet.terminal import answer_json, harmless

CODE: Final = "WAL-016"
IN_PARENTHESES: Final = re.compile(r"\(([^()]*)\)")
QUOTED: Final = re.compile(r"'([^']*)'")


class WrongUsage(click.UsageError):
    """Wrong usage with its sentences in both languages."""

    def __init__(self, zh: str, en: str, ctx: click.Context | None = None) -> None:
        super().__init__(en, ctx)
        self.zh = zh


def fail_usage(error: click.UsageError, given: Sequence[str]) -> NoReturn:
    """Say it and leave: as an object, as a Chinese sentence, or as click does."""
    refused = _refused(error)
    if "--json" in given:
        _leave(refused, as_json=True)
    if _language(given) == "zh":
        _leave(refused, as_json=False)
    raise error


def _language(given: Sequence[str]) -> str:
    """`--lang` of this command line, however wrong the rest of it is; else as everywhere."""
    asked = given[given.index("--lang") + 1] if "--lang" in given[:-1] else ""
    return asked if asked in LANGUAGES else language_in(os.environ)


def _refused(error: click.UsageError) -> Refused:
    known = WALLET_REFUSALS[CODE]
    zh, en = in_chinese(error), error.format_message()
    both = Refusal(CODE, known.zh.replace("{detail}", zh), known.en.replace("{detail}", en), known.status)
    return LiteralRefused(both, detail=en)


def _leave(refused: Refused, *, as_json: bool) -> NoReturn:
    code = exit_code_of(refused)
    if as_json:
        answer_json({"ok": False, **Problem.of(refused).model_dump(mode="json"), "exit_code": code})
    else:
        click.echo(harmless(f"{refused.code} {refused.text('zh')}"), err=True)
    sys.exit(code)


def in_chinese(error: click.UsageError) -> str:
    """click's sentence said in Chinese, with what it names."""
    message = error.format_message()
    if isinstance(error, WrongUsage):
        return error.zh
    if isinstance(error, click.NoSuchOption):
        near = f"；是否想用 {'、'.join(error.possibilities)}" if error.possibilities else "；--help 列出全部选项"
        return f"没有选项 {error.option_name}{near}"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 的写法不对；--help 说明用法"
    if isinstance(error, click.BadParameter):
        return _parameter_in_chinese(error)
    if message.startswith("No such command"):
        return f"没有命令 {_first(QUOTED, message)}；--help 列出全部命令"
    if message.startswith("Missing command"):
        return "缺少子命令；--help 列出全部命令"
    if "extra argument" in message:
        return f"多余的参数 {_first(IN_PARENTHESES, message)}；--help 说明用法"
    return "参数不完整或不一致；--help 说明用法"


def _parameter_in_chinese(error: click.BadParameter) -> str:
    parameter = error.param
    named = "" if parameter is None else f"「{parameter.human_readable_name}」"
    if isinstance(error, click.MissingParameter):
        return f"缺少参数{named}；--help 说明用法"
    kind = None if parameter is None else parameter.type
    if isinstance(kind, click.Choice):
        return f"参数{named}应为 {'、'.join(map(str, kind.choices))} 之一"
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        low, high = kind.min, kind.max
        bounds = [f"不小于 {low}"] * (low is not None) + [f"不大于 {high}"] * (high is not None)
        return f"参数{named}应为数字" + "".join(f"，{bound}" for bound in bounds)
    if isinstance(kind, click.Path):
        return f"参数{named}所指的文件或目录 {_first(QUOTED, error.message)} 不存在或不能使用"
    return f"参数{named}的值不对；--help 说明用法"


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.findall(text)
    return str(found[-1]) if found else ""
