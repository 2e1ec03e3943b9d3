"""What was typed wrongly: WAL-016 in the reader's language, or as an object in both under `--json`.

The words are click's own in English; here they are said again in Chinese, so that no sentence holds both languages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from ledger.errors import Refusal, Refused
from ledger.language import language_in
from wallet.problems import EXIT_USAGE, WALLET_REFUSALS, LiteralRefused
from wallet.terminal import leave

CODE: Final = "WAL-016"
IN_PARENTHESES: Final = re.compile(r"\(([^()]*)\)")
QUOTED: Final = re.compile(r"'([^']*)'")


class WrongUsage(click.UsageError):
    """Wrong usage with its sentences in both languages."""

    def __init__(self, zh: str, en: str, ctx: click.Context | None = None) -> None:
        super().__init__(en, ctx)
        self.zh = zh


def fail_usage(error: click.UsageError, given: Sequence[str]) -> NoReturn:
    """Say it with its code and leave."""
    leave(_refused(error), EXIT_USAGE, language=language_in(os.environ), as_json="--json" in given)


def _refused(error: click.UsageError) -> Refused:
    known = WALLET_REFUSALS[CODE]
    zh, en = in_chinese(error), in_english(error)
    both = Refusal(CODE, known.zh.replace("{detail}", zh), known.en.replace("{detail}", en), known.status)
    return LiteralRefused(both, detail=en)


def in_english(error: click.UsageError) -> str:
    """click's own sentence, and where more is said."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return "a command is missing; --help lists them"
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:] if message[1:2].islower() else message
    if isinstance(error, click.NoSuchOption) and _takes_arguments(error):
        return f"no such option '{error.option_name}'; arguments are written NAME=VALUE"
    if isinstance(error, WrongUsage) or "Did you mean" in message:
        return message
    if isinstance(error, click.NoSuchOption) and _of_a_group(error):
        return f"no such option '{error.option_name}'; options stand behind the command's name"
    return f"{message}; --help says how"


def in_chinese(error: click.UsageError) -> str:
    """click's sentence said in Chinese, with what it names."""
    message = error.format_message()
    if isinstance(error, WrongUsage):
        return error.zh
    if isinstance(error, click.NoSuchOption):
        near = f"；是否想用 {'、'.join(error.possibilities)}" if error.possibilities else "；--help 列出全部选项"
        near = "；选项写在命令名称之后" if _of_a_group(error) else near
        return f"没有选项 {error.option_name}{'；参数写作 名称=值' if _takes_arguments(error) else near}"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 的写法不对；--help 说明用法"
    if isinstance(error, click.BadParameter):
        return _parameter_in_chinese(error)
    if message.startswith("No such command"):
        wrong, *others = QUOTED.findall(message)
        return f"没有命令 {wrong}；" + (f"是否想用 {'、'.join(others)}" if others else "--help 列出全部命令")
    if message.startswith("Missing command") or isinstance(error, click.exceptions.NoArgsIsHelpError):
        return "缺少子命令；--help 列出全部命令"
    if "extra argument" in message:
        return f"多余的参数 {_first(IN_PARENTHESES, message)}；--help 说明用法"
    return "参数不完整或不一致；--help 说明用法"


def _takes_arguments(error: click.NoSuchOption) -> bool:
    """`lugang call` and `view`: what the contract asks for is no option; unless an option was nearly typed."""
    parameters = [] if error.ctx is None or error.possibilities else error.ctx.command.params
    return any(parameter.nargs == -1 for parameter in parameters)


def _of_a_group(error: click.UsageError) -> bool:
    return error.ctx is not None and isinstance(error.ctx.command, click.Group)


def _parameter_in_chinese(error: click.BadParameter) -> str:
    parameter = error.param
    named = "" if parameter is None else f" {'/'.join(parameter.opts)} "
    if isinstance(parameter, click.Argument):
        named = f" {parameter.human_readable_name} "
    if isinstance(error, click.MissingParameter):
        return f"缺少参数{named.rstrip()}；--help 说明用法"
    kind = None if parameter is None else parameter.type
    if isinstance(kind, click.Choice):
        return f"参数{named}应为 {'、'.join(map(str, kind.choices))} 之一"
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        low, high = kind.min, kind.max
        bounds = [f"不小于 {low}"] * (low is not None) + [f"不大于 {high}"] * (high is not None)
        return f"参数{named}应为数字" + "".join(f"，{bound}" for bound in bounds)
    if kind is click.INT:
        return f"参数{named}应为整数，不是 {_first(QUOTED, error.message)}"
    if isinstance(kind, click.Path):
        return f"参数{named}所指的文件或目录 {_first(QUOTED, error.message)} 不存在或不能使用"
    return f"参数{named}的值不对；--help 说明用法"


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.findall(text)
    return str(found[-1]) if found else ""
