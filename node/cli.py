"""The commands `lugang node …` and `lugang genesis …`.

Exit codes: 0 done (run: stopped when asked to); 1 a check failed, the node does not answer, or the node stopped by a
fault; 2 the command was used wrongly; 3 configuration, genesis or keys cannot be used; 4 the database is damaged.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import secrets
import shutil
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, NoReturn

import click
import httpx
import trio

from ledger.api import PREFIX
from ledger.errors import Refused
from ledger.genesis import Genesis
from ledger.language import LANGUAGES
from ledger.national import suite_named
from node.addresses import addresses_of, verify_free, who_can_read
from node.app import Node, build_node, refuse_without_asserts, run_until_signal
from node.codes import codes_markdown
from node.config import (
    ConfigError,
    NodeConfig,
    create_folder,
    load_config,
    load_genesis,
    made_before,
    unreadable,
    write_config,
)
from node.contract_engine import make_machine, make_register
from node.doctor import examine, is_locked
from node.genesis_spec import build_genesis, source_reader, view_of
from node.keys import ENVIRONMENT_NAME, ENVIRONMENT_NAME_OF_FILE, KeyFileError, write_secret
from node.keystore_file import KeyLabel, write_keystore
from node.language import Unusable, reason_of, words
from node.layout import SignAgain
from node.logs import set_up_logs
from node.rebuild import rebuild_database
from node.tables import print_findings, print_genesis, print_status

log = logging.getLogger("lugang.node")

EXIT_FAULT: Final = 1
EXIT_UNUSABLE: Final = 3
EXIT_DAMAGED: Final = 4
PASSPHRASE_CHARACTERS_MIN: Final = 12
PROGRESS_SECONDS: Final = 2
COLLECT_AFTER: Final = (50_000, 20, 100)
"""Objects made, young collections, older collections: see `calm_collector`."""
DEFAULT_LISTEN: Final = "/ip4/0.0.0.0/tcp/4001"
JSON = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象 · answer with one JSON object")
HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="节点目录 · the node's folder (default: here)",
)


EXIT_CODES: Final = (
    "退出码：0 完成，1 检查未通过、节点无应答或因故障停止，2 用法，3 配置、创世文件或密钥不能使用，4 数据库损坏\n\n"
    "Exit codes: 0 done, 1 a check failed, no answer, or the node stopped by a fault, 2 usage, 3 configuration, "
    "genesis or keys cannot be used, 4 the database is damaged"
)


@click.group("node", epilog=EXIT_CODES)
def node_group() -> None:
    """成员节点：建立、运行、状态、体检。

    A member's node: make one, run it, look at it, find what is wrong.
    """


@click.group("genesis", epilog=EXIT_CODES)
def genesis_group() -> None:
    """创世文件。

    The genesis: the one file from which every node and every verifier starts.
    """


@contextmanager
def plain_faults() -> Iterator[None]:
    """Expected failures are a sentence and an exit code, never a traceback."""
    try:
        yield
    except Unusable as error:
        fail(error.zh, error.en, EXIT_UNUSABLE)
    except Refused as refused:
        code = EXIT_DAMAGED if refused.code == "NODE-003" else EXIT_UNUSABLE
        zh, en = (f"{refused.code} {refused.text(tongue)}" for tongue in LANGUAGES)
        fail(zh, en, code, code=refused.code, numbers=dict(refused.numbers))


def fail(zh: str, en: str, exit_code: int, **more: Any) -> NoReturn:
    """Say what is wrong, as an object with both languages where one was asked for, and leave."""
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("as_json"):
        told = {"ok": False, "error": en, "zh": zh, "en": en, **more, "exit_code": exit_code}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(words(zh, en), err=True)
    sys.exit(exit_code)


# Making a node ------------------------------------------------------------------------------------------------------


@node_group.command("init")
@HOME
@click.option("--organisation", required=True, help="机构代号 · the organisation's slug")
@click.option("--suite", type=click.Choice(["intl", "gm"]), default="intl", help="密码套件 · the chain's cryptography")
@click.option("--genesis", "genesis_file", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None,
              help="创世文件，以后放入亦可 · the chain's genesis file, which may come later")  # fmt: skip
@click.option("--listen", multiple=True, default=(DEFAULT_LISTEN,), show_default=True, help="节点间地址 · for peers")
@click.option("--api", default="127.0.0.1:8080", show_default=True, help="HTTP 接口的地址 · where the HTTP API listens")
@click.option("--metrics", default="127.0.0.1:9090", show_default=True,
              help="指标与健康检查的地址 · where metrics and health are")  # fmt: skip
@click.option(
    "--keys",
    type=click.Choice(["encrypted", "plain"]),
    required=True,
    help="密钥文件加密，或明文 0600 · key files under a passphrase, or plain with mode 0600",
)
@JSON
def init(
    *,
    home: Path,
    organisation: str,
    suite: str,
    genesis_file: Path | None,
    listen: tuple[str, ...],
    api: str,
    metrics: str,
    keys: str,
    as_json: bool,
) -> None:
    """建立节点目录：密钥、护栏、日志与配置。

    Make a node's folder: keys, guard, logs and configuration, together.

    Prints the lines that the specification of the genesis needs about this node. A folder is made once: a guard that
    says "never signed" is only true beside a key that is as new as itself.
    """
    with plain_faults():
        if genesis_file is not None:
            suite = load_genesis(genesis_file)[0].suite
        consensus, transport = secrets.token_bytes(32), secrets.token_bytes(32)
        labels = labels_of(organisation, suite, consensus, transport)
        passphrase = ask_new_passphrase() if keys == "encrypted" else None
        if (home / "node.toml").exists():
            raise made_before(home / "node.toml")
        write_config(home, listen=listen, api=api, metrics=metrics)
        config = load_config(home)

        def write_key(path: Path, secret: bytes) -> None:
            if passphrase is None:
                write_secret(path, secret)
            else:
                write_keystore(path, secret, passphrase, labels[secret])

        create_folder(config, consensus, transport, write_key)
        if genesis_file is not None:
            shutil.copyfile(genesis_file, config.genesis)
    row = validator_row(labels[consensus], labels[transport], listen)
    click.echo(json.dumps({"ok": True, "home": str(home), **row}) if as_json else validator_lines(row))


def labels_of(organisation: str, suite: str, consensus: bytes, transport: bytes) -> dict[bytes, KeyLabel]:
    """What stands beside each secret in its file. The transport key is Ed25519 in both suites."""
    chain, links = suite_named(suite), suite_named("intl")
    return {
        consensus: KeyLabel(suite, "consensus", organisation, chain.public_key(consensus)),
        transport: KeyLabel("intl", "transport", organisation, links.public_key(transport)),
    }


def validator_row(consensus: KeyLabel, transport: KeyLabel, listen: tuple[str, ...]) -> dict[str, Any]:
    """This node's part of the specification; the address must be the one that others can reach."""
    return {
        "organisation": consensus.organisation,
        "key": consensus.public_key.hex(),
        "transport_key": transport.public_key.hex(),
        "addresses": list(listen),
    }


def validator_lines(row: dict[str, Any]) -> str:
    return "\n".join(["[[validators]]", *(f"{name} = {json.dumps(value)}" for name, value in row.items())])


def ask_new_passphrase() -> bytes:
    """From a file or the environment as at every start, else typed twice."""
    file, given = os.environ.get(ENVIRONMENT_NAME_OF_FILE), os.environ.get(ENVIRONMENT_NAME)
    if file:
        passphrase = Path(file).read_bytes().rstrip(b"\r\n")
    elif given:
        passphrase = given.encode()
    else:
        text: str = click.prompt(words("口令", "passphrase"), hide_input=True, confirmation_prompt=True, err=True)
        passphrase = text.encode()
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        least = PASSPHRASE_CHARACTERS_MIN
        raise KeyFileError(f"口令至少 {least} 个字符", f"a passphrase has at least {least} characters")
    return passphrase


# Running and looking -------------------------------------------------------------------------------------------------


@node_group.command("run")
@HOME
@click.option("--open-reads", is_flag=True, help="允许 API 对外开放只读 · allow an api address beyond this machine")
@click.option("--log-file", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="日志写入文件 · write the log to this file")  # fmt: skip
@click.option("--log-json", is_flag=True, help="日志为 JSON · one JSON object a line")
def run(*, home: Path, open_reads: bool, log_file: Path | None, log_json: bool) -> None:
    """运行节点，直到 SIGTERM 或 SIGINT。

    Run the node until SIGTERM or SIGINT.
    """
    # Until the node runs, nothing but what stays is made: imports and compiled contracts.
    gc.disable()
    # The web framework takes as long to import as everything else; no other command needs it.
    from node.serving import add_http  # noqa: PLC0415

    refuse_without_asserts()
    with plain_faults():
        config = load_config(home)
        if open_reads:
            config = replace(config, api_open_to_network=True)
        set_up_logs(as_json=log_json or config.log_json, file=log_file)
        api, _ = addresses_of(config)
        if not api.is_loopback:
            click.echo(who_can_read(api), err=True)
        verify_free(config)
        ask_passphrase_if_needed(config)
        node = build_node(config, make_machine, make_register)
        add_http(node)
        calm_collector()
        run_until_stopped(node)


def ask_passphrase_if_needed(config: NodeConfig) -> None:
    """Somebody at a terminal may type the passphrase; a service has it in a file that the environment names."""
    encrypted = any(is_encrypted(path) for path in (config.consensus_key, config.transport_key))
    given = os.environ.get(ENVIRONMENT_NAME_OF_FILE) or os.environ.get(ENVIRONMENT_NAME)
    if encrypted and not given and sys.stdin.isatty():
        os.environ[ENVIRONMENT_NAME] = click.prompt(words("口令", "passphrase"), hide_input=True, err=True)


def is_encrypted(path: Path) -> bool:
    try:
        return path.read_text(encoding="utf-8").lstrip().startswith("{")
    except (OSError, UnicodeDecodeError):
        return False


def calm_collector() -> None:
    """Let the garbage collector look less often at what lives long.

    Transactions and records hold no cycles and die by their counts; left as it is, the collector walks the young ones
    every hundred transactions and, as the state grows, everything at once for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()


def run_until_stopped(node: Node) -> None:
    try:
        trio.run(run_until_signal, node)
    except BaseExceptionGroup as group:
        faults = list(leaves(group))
        log.critical("the node stops: %s", "; ".join(map(describe, faults)), exc_info=group)
        damaged = any(isinstance(fault, Refused) and fault.code == "NODE-003" for fault in faults)
        sys.exit(EXIT_DAMAGED if damaged else EXIT_FAULT)


def leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


@node_group.command("status")
@click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), default=None, help="节点目录 · to find the API"
)
@click.option("--url", default=None, help="API 地址 · where the API is (default http://127.0.0.1:8080)")
@JSON
def status(*, home: Path | None, url: str | None, as_json: bool) -> None:
    """节点状态。

    How a running node is doing, as it says itself.
    """
    with plain_faults():
        url = url or f"http://{'127.0.0.1:8080' if home is None else load_config(home).api}"
        seen, peers = ask(url, "status"), ask(url, "peers")
    if as_json:
        click.echo(json.dumps({"status": seen, "peers": peers}, ensure_ascii=False))
    else:
        print_status(seen, peers)


def ask(url: str, path: str) -> Any:
    try:
        answer = httpx.get(f"{url}{PREFIX}/{path}", timeout=5, trust_env=False)
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        fail(f"{url} 没有应答：{error}", f"{url} does not answer: {error}", EXIT_FAULT)


@node_group.command("doctor")
@HOME
@click.option("--thorough", is_flag=True, help="通读数据库 · read every value, block and certificate")
@JSON
def doctor(*, home: Path, thorough: bool, as_json: bool) -> None:
    """体检：说明何处有误、如何处理；不作任何修改。

    Say what is wrong and how to cure it; changes nothing.

    Exit code 0 when nothing is wrong, 1 otherwise.
    """
    findings = examine(home, thorough=thorough)
    if as_json:
        healthy = not any(finding.verdict == "wrong" for finding in findings)
        rows = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"ok": healthy, "findings": rows}, ensure_ascii=False))
    else:
        print_findings(findings)
    if any(finding.verdict == "wrong" for finding in findings):
        sys.exit(EXIT_FAULT)


@node_group.command("rebuild")
@HOME
@click.confirmation_option(
    prompt="将数据库移开，由其自身的区块重建？ · Move the database aside and rebuild it?",
    help="不再询问 · do not ask",
)
@click.option(
    "--sign-again",
    type=click.IntRange(1),
    metavar="HEIGHT",
    help="自该高度起重新签认：各成员约定后使用 · sign the results from this height on again, as members have agreed",
)
@click.option(
    "--attempt",
    type=click.IntRange(1, 255),
    default=1,
    show_default=True,
    help="第几次重新签认 · which time it is that this height is signed again",
)
@JSON
def rebuild(*, home: Path, sign_again: int | None, attempt: int, as_json: bool) -> None:
    """由数据库自身的区块重建；不可用的区块由其他成员补齐。

    Make a damaged database anew from its own blocks.

    Every block is checked and executed again. From the first block that cannot be used on, the node fetches the rest
    from the other members at its next start. Nothing is deleted: the old database is moved aside. Keys, guard and log
    stay, so the node signs nothing twice.

    --sign-again leads out where no result of a height could reach a quorum: see "No result reaches a quorum" in
    docs/operators.md.
    """
    with plain_faults():
        config = load_config(home)
        if is_locked(config.database):
            raise ConfigError(
                f"{config.database} 正被使用；请先停止节点", f"{config.database} is open; stop the node first"
            )
        if not config.database.exists():
            raise ConfigError(
                f"{config.database} 不存在；节点下次启动时会建立",
                f"{config.database} does not exist; the node makes it at its next start",
            )
        again = None if sign_again is None else SignAgain(sign_again, attempt)
        rebuilt = rebuild_database(config, make_machine, ProgressLines(), again)
    if as_json:
        signed_again = [{"height": height, "state_root": root.hex()} for height, root in rebuilt.results]
        told = {"ok": True, "height": rebuilt.height, "ended": rebuilt.ended, "aside": str(rebuilt.aside),
                "signed_again": signed_again}  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(words(f"已重建至高度 {rebuilt.height}", f"rebuilt up to height {rebuilt.height}"))
    if rebuilt.ended is not None:
        click.echo(
            words(
                f"其后区块不可用（{rebuilt.ended}），下次启动时由其他成员补齐",
                f"the blocks above cannot be used ({rebuilt.ended}); the next start fetches them from the others",
            )
        )
    for height, root in rebuilt.results:
        click.echo(
            words(
                f"高度 {height} 将重新签认，状态根 {root.hex()}，启动前请与其他成员核对",
                f"height {height} will be signed again, state root {root.hex()}: compare with the other members first",
            )
        )
    click.echo(words(f"原数据库已移至 {rebuilt.aside}", f"the old database was moved to {rebuilt.aside}"))


class ProgressLines:
    """A line on stderr now and then, and at the last height."""

    def __init__(self) -> None:
        self._due = 0.0

    def __call__(self, height: int, top: int) -> None:
        if height == top or time.monotonic() >= self._due:
            self._due = time.monotonic() + PROGRESS_SECONDS
            click.echo(words(f"高度 {height} / {top}", f"height {height} / {top}"), err=True)


@node_group.command("codes")
def codes() -> None:
    """全部代码表(Markdown)。

    The table of all codes, as docs/codes.md has it.
    """
    click.echo(codes_markdown(), nl=False)


# The genesis ---------------------------------------------------------------------------------------------------------


@genesis_group.command("build")
@click.argument("spec", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="默认与说明书同目录 · beside SPEC"
)
@JSON
def build(*, spec: Path, out: Path | None, as_json: bool) -> None:
    """由 TOML 说明书生成 genesis.cbor。

    Make genesis.cbor from a written specification.

    Equal specifications give equal bytes, so every member can build it and compare the chain's name.
    """
    with plain_faults():
        try:
            table = tomllib.loads(spec.read_text(encoding="utf-8"))
            genesis = build_genesis(table, source_reader(spec.parent))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise unreadable(spec, error) from None
        data = genesis.encode()
        out = out or spec.with_name("genesis.cbor")
        try:
            with out.open("xb") as file:
                file.write(data)
        except OSError as error:
            zh, en = reason_of(error)
            raise ConfigError(f"不能写入 {out}：{zh}", f"{out}: {en}") from None
    chain = chain_of(genesis, data).hex()
    click.echo(json.dumps({"ok": True, "file": str(out), "chain": chain}) if as_json else f"{out}\nchain {chain}")


@genesis_group.command("show")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=Path("genesis.cbor"))
@JSON
def show(*, file: Path, as_json: bool) -> None:
    """查看创世文件。

    What a genesis says, and the name of its chain.
    """
    with plain_faults():
        genesis, _, chain = load_genesis(file)
    view = view_of(genesis, chain)
    if as_json:
        click.echo(json.dumps(view, ensure_ascii=False, indent=2))
    else:
        print_genesis(view)


def chain_of(genesis: Genesis, data: bytes) -> bytes:
    return suite_named(genesis.suite).hasher("genesis")(data)


COMMANDS: Final[dict[str, click.Command]] = {"node": node_group, "genesis": genesis_group}
