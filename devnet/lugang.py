"""The one command `lugang`: finds the part that a sub-command belongs to and loads that part alone.

Theory of operation. `PARTS` is a static table: a command's name, the module that has it, one line of help.
`lugang --help` is answered from the table, so it imports neither trio nor libp2p and is as quick as Python itself.
Texts are in one language, that of `--lang`, the environment or the locale. `--lang` and `--json` may stand anywhere.
Only when a command is really called is its module imported and the command taken from the module's
`COMMANDS: dict[str, click.Command]`.

It owns names and one-line help; it must never hold behaviour of a command. To add a command, write it into the
`COMMANDS` of a package's `cli.py` and add one row here; a row that leads nowhere fails the architecture test.
"""

import difflib
import gc
import importlib
import itertools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from devnet.tongue import JSON, LANG, NoSuchLanguageError, behind_names, context_class, listen, speak, words
from ledger.language import half_of, language_in


@dataclass(frozen=True, slots=True)
class Part:
    module: str
    help_zh: str
    help_en: str


ABOUT = (
    "陆港链：供应链凭证与数据凭证的联盟账本。语言：--lang zh|en 或 LUGANG_LANG，否则取自系统区域设置。\n\n"
    "A consortium ledger for supply-chain vouchers and data credentials. Language: --lang zh|en or LUGANG_LANG, "
    "otherwise the locale's."
)
EXIT_CODES = (
    "退出码：0 完成，2 用法错误（也包括只输入一组命令的名称），130 已中断；其余见各命令的 --help\n\n"
    "Exit codes: 0 done, 2 wrong usage (also the name of a group alone), 130 interrupted; others: the commands' "
    "--help"
)
GIVEN, ASKED, EARLY = "lugang.given", "lugang.asked", "lugang.early"
"""The whole command line, the language it asks for, and what stood before the first name."""
OWN_OPTION = "wallet.cli"
"""The wallet's commands have `--lang` themselves: a wallet's folder may name a language too."""
PARTS: Mapping[str, Part] = {
    "key": Part("wallet.cli", "身份与密钥", "identities and their keys"),
    "config": Part("wallet.cli", "固定链与节点", "pin the chain, say which nodes to ask"),
    "status": Part("wallet.cli", "节点与链的状况", "the nodes and the chain"),
    "inbox": Part("wallet.cli", "待办", "what awaits you, with deadlines"),
    "call": Part("wallet.cli", "办理业务", "act: read the sentence, sign, wait"),
    "pending": Part("wallet.cli", "待复核事项", "what waits for a checker"),
    "holdings": Part("wallet.cli", "持有的凭证", "the vouchers that you hold"),
    "trace": Part("wallet.cli", "凭证溯源", "a voucher's tree"),
    "view": Part("wallet.cli", "查询合约", "ask a contract"),
    "describe": Part("wallet.cli", "合约说明", "what a contract offers, and who may"),
    "source": Part("wallet.cli", "合约源码", "a contract's proven source, or a proposal's"),
    "receipt": Part("wallet.cli", "交易回执", "a transaction's proven receipt"),
    "sign": Part("wallet.cli", "离线签署", "sign a draft without a network"),
    "cosign": Part("wallet.cli", "共同签名", "add one's signature to a draft"),
    "submit": Part("wallet.cli", "提交签署文件", "send a signed draft"),
    "evidence": Part("wallet.cli", "证据文件", "export and verify evidence"),
    "audit": Part("wallet.cli", "对账", "check the invariants of a live chain"),
    "contract": Part("contracts.cli", "合约检查与故事", "check a contract, tell its story"),
    "node": Part("node.cli", "成员节点", "a member's node: make one, run it, find what is wrong"),
    "genesis": Part("node.cli", "创世文件", "the file from which every node starts"),
    "devnet": Part("devnet.cli", "本机试验网", "a chain of real processes on this machine"),
}


class PartUnavailable(click.ClickException):
    """A part of the program is not there or not whole; the sentence says which, and what to do."""

    exit_code = 3


class Parts(click.Group):
    """A click group whose sub-commands stay on the disk until they are called."""

    def __init__(self, name: str, parts: Mapping[str, Part], help_text: str) -> None:
        super().__init__(name, help=help_text, context_settings={"help_option_names": ["-h", "--help"]})
        self._parts, self._about = parts, help_text

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self._parts)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        part = self._parts.get(cmd_name)
        return None if part is None else speak(load_command(cmd_name, part))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self._parts and not name.startswith("-"):
            refuse_unknown(name, self._parts, ctx)
        found, command, rest = super().resolve_command(ctx, args)
        if command is None:
            return found, command, rest
        asked = ctx.meta[ASKED] if self._parts[name].module == OWN_OPTION else None
        extra = [*([] if asked is None else [LANG, asked]), *ctx.meta[EARLY]]
        return found, command, behind_names(command, ctx, rest, extra)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        given = list(args)
        with usage_in_words(given):
            left, asked = listen(args)
            early = list(itertools.takewhile(JSON.__eq__, left))
            self.help, self.epilog = (half_of(text, language_in(os.environ)) for text in (self._about, EXIT_CODES))
            self.context_class = context_class(language_in(os.environ))
            context = super().make_context(info_name, left[len(early) :], parent, **extra)
        context.meta.update({GIVEN: given, ASKED: asked, EARLY: early[:1]})
        return context

    def invoke(self, ctx: click.Context) -> Any:
        with usage_in_words(ctx.meta[GIVEN]):
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        # click's own version asks every command for its help, which would load every part.
        rows = [(name, words(part.help_zh, part.help_en)) for name, part in self._parts.items()]
        if rows:
            with formatter.section(words("命令", "Commands")):
                formatter.write_dl(rows)


@contextmanager
def usage_in_words(given: Sequence[str]) -> Iterator[None]:
    """Wrong usage of any command is said with its code in the reader's language, and as an object where one was asked
    for. A group that is called alone shows what it has."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError as error:
        if JSON in given:
            _usage().fail_usage(error, given)
        # The message is the help of the group.
        click.echo(error.format_message(), err=True)
        sys.exit(error.exit_code)
    except click.UsageError as error:
        _usage().fail_usage(error, given)
    except NoSuchLanguageError as error:
        _usage().fail_usage(_usage().WrongUsage(error.zh, error.en), given)


def _usage() -> Any:
    """Loaded only now: the wallet has the words, and knows how an object says that something went wrong."""
    return importlib.import_module("wallet.usage")


def load_command(name: str, part: Part) -> click.Command:
    # Importing makes nothing but what stays; a collector that looks for garbage in it takes a tenth of the time.
    gc.disable()
    try:
        commands = importlib.import_module(part.module).COMMANDS
    except ImportError as error:
        raise PartUnavailable(
            words(
                f"无法载入命令 {name} 所在的 {part.module}：{error}。请运行 make env 重新安装。",
                f"The part {part.module} of the command {name} cannot be loaded: {error}. "
                "Run `make env` to install again.",
            )
        ) from error
    finally:
        gc.enable()
    command = commands[name]
    assert isinstance(command, click.Command)
    return command


def refuse_unknown(name: str, parts: Mapping[str, Part], ctx: click.Context) -> NoReturn:
    near = difflib.get_close_matches(name, parts, n=1)
    hint_zh = f"是否想用 {near[0]}？" if near else "运行 lugang --help 可查看全部命令。"
    hint_en = f"Did you mean {near[0]}?" if near else "`lugang --help` lists the commands."
    raise _usage().WrongUsage(f"没有命令 {name}。{hint_zh}", f"There is no command {name}. {hint_en}", ctx)


def command_line() -> Parts:
    group = Parts("lugang", PARTS, ABOUT)
    return click.version_option(package_name="lugang-chain", prog_name="lugang")(group)


def main() -> None:
    if not __debug__:
        # Asserts guard the ledger; without them a fault would go on instead of stopping the node.
        sys.exit(
            words(
                "lugang 不能在 python -O 下运行：断言是保护的一部分。",
                "lugang refuses python -O: it relies on its asserts.",
            )
        )
    command_line()()


if __name__ == "__main__":
    main()
