"""What every wallet command shares: its options, two ways of answering (people, or one JSON object), failing in words.

A command is written as a function of an `App` and its own arguments. It returns an object for `--json`; what people
read it prints itself through the App, which is silent under `--json`. A refusal becomes code, sentence and numbers and
the exit code of its kind; nothing ends in a traceback but a fault of our own.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from ledger.crypto import Suite
from ledger.details import in_chinese
from ledger.errors import BadProof, BadSignature, Refused
from ledger.genesis import Genesis
from ledger.language import LANGUAGES, VARIABLE, language_in
from wallet.builder import Signer
from wallet.home import Config, Home, Owner, chain_of
from wallet.keystore import Keystore
from wallet.problems import caused, exit_code_of, problem
from wallet.session import Session
from wallet.terminal import answer_json, harmless, leave

HOME_VARIABLE: Final = "LUGANG_HOME"
NODES_VARIABLE: Final = "LUGANG_NODES"
PASSPHRASE_VARIABLE: Final = "LUGANG_PASSPHRASE"  # noqa: S105 — a variable's name
PASSPHRASE_FILE_VARIABLE: Final = "LUGANG_PASSPHRASE_FILE"  # noqa: S105 — likewise
PASSPHRASE_BYTES_MAX: Final = 1024
PIPE_COLUMNS: Final = 400
COLUMN_GAP: Final = 2
INDENT: Final = 4


class App:
    """One run of one command."""

    def __init__(
        self,
        *,
        home: Path | None,
        nodes: Sequence[str],
        genesis: Path | None,
        language: str | None,
        identity: str | None,
        passphrase_file: Path | None,
        as_json: bool,
    ) -> None:
        self.home = Home(home or Path(os.environ.get(HOME_VARIABLE) or Path.home() / ".lugang"))
        self.config: Config = self.home.config
        self.language = _language(language or os.environ.get(VARIABLE) or self.config.language)
        self.as_json = as_json
        self.nodes_given, self.language_given = tuple(nodes), language
        self._genesis, self._label, self._passphrase_file = genesis, identity, passphrase_file
        self._unlocked: dict[str, Signer] = {}
        self._session: Session | None = None
        self.facts: dict[str, Any] = {}
        """Goes into the JSON answer also when the command is refused: the transaction that was."""
        # highlight and markup off: what is printed comes from the ledger and from users.
        self.console = Console(highlight=False, markup=False, soft_wrap=True, quiet=as_json)
        if not self.console.is_terminal:
            # Into a file or a pipe nothing is cut: keys and ids are copied from there.
            self.console.width = PIPE_COLUMNS

    # answers

    def words(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def say(self, zh: str, en: str) -> None:
        self.console.print(harmless(self.words(zh, en)))

    def table(
        self, head: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], amounts: Sequence[int] = ()
    ) -> None:
        """`amounts` are the columns of figures, which stand right. Nothing is cut or broken inside a cell:
        what is wider than the terminal goes row by row, its cells one after another."""
        titles = [self.words(zh, en) for zh, en in head]
        cells = [list(map(harmless, row)) for row in rows]
        widths = [max(map(cell_len, column)) for column in zip(titles, *cells, strict=True)]
        needed = sum(widths) + COLUMN_GAP * (len(widths) - 1)
        if self.console.is_terminal and needed > self.console.width:
            for row in cells:
                self.console.print(_row_by_cells(titles, row, self.console.width))
            return
        self.console.width = max(self.console.width, needed)
        table = Table(box=None, pad_edge=False, header_style="bold")
        for i, title in enumerate(titles):
            table.add_column(title, justify="right" if i in amounts else "left", no_wrap=True)
        for row in cells:
            table.add_row(*row)
        self.console.print(table)

    def tree(self, tree: Tree) -> None:
        """Its labels have been made harmless by whoever built it."""
        self.console.print(tree, soft_wrap=False)

    # the chain

    def genesis_bytes(self) -> bytes:
        """The chain's file: the one given now, or the pinned one; both must be the same."""
        data = self.genesis_to_read()
        if self._genesis is not None:
            self.home.pin_genesis(data)
        return data

    def genesis_to_read(self) -> bytes:
        """The same for whoever only reads files: any chain's genesis will do, and nothing is pinned."""
        if self._genesis is None:
            held = self.home.genesis_bytes()
            if held is None:
                raise problem("WAL-010", home=str(self.home.root))
            return held
        try:
            data = self._genesis.read_bytes()
            Genesis.decode(data)
        except OSError as error:
            raise problem("WAL-014", file=str(self._genesis), detail=error.strerror or str(error)) from None
        except Refused as refused:
            raise caused("WAL-026", refused, file=str(self._genesis)) from None
        return data

    def suite(self) -> Suite:
        return chain_of(self.genesis_bytes())[0]

    @property
    def session(self) -> Session:
        if self._session is None:
            given = tuple(filter(None, map(str.strip, os.environ.get(NODES_VARIABLE, "").split(","))))
            urls = self.nodes_given or given or self.config.nodes
            if not urls:
                raise problem("WAL-010", home=str(self.home.root))
            try:
                self._session = Session(self.genesis_bytes(), urls, language=self.language, pin=self.home.pin())
                self._session.person = self.person
            except (BadProof, BadSignature) as fault:
                raise problem("WAL-014", file=str(self.home.root / "pin.cbor"), detail=fault.detail) from None
        return self._session

    def close(self) -> None:
        """Keep the highest certificate seen, and say which nodes told what is not so."""
        if self._session is None:
            return
        pin = self._session.client.trust.save()
        if pin is not None and pin != self.home.pin():
            self.home.save_pin(pin)
        for complaint in self._session.client.complaints:
            zh = f"注意：节点 {complaint.node} 的回答未能证明，已改问其他节点：{in_chinese(complaint.detail)}"
            en = f"mind: node {complaint.node} said what is not proven, another was asked: {complaint.detail}"
            click.echo(harmless(self.words(zh, en)), err=True)
        self._session.close()

    def told(self) -> dict[str, Any]:
        """What a failing command says besides its refusal."""
        return {**self.facts, **self.complaints()}

    def complaints(self) -> dict[str, Any]:
        """For the JSON answer: which nodes said what is not proven."""
        found = () if self._session is None else self._session.client.complaints
        return {"complaints": [{"node": c.node, "detail": c.detail} for c in found]} if found else {}

    # identities

    def keystore(self, label: str | None = None) -> Keystore:
        chosen = label or self._label or self.config.identity
        if chosen is None:
            labels = self.home.labels()
            if len(labels) != 1:
                raise problem("WAL-007", home=str(self.home.root), count=len(labels))
            [chosen] = labels
        return self.home.keystore(chosen)

    def person(self, head: str) -> str | None:
        """The identity of this wallet whose public key begins so."""
        keystores = (self.home.keystore(label) for label in self.home.labels())
        found = [keystore for keystore in keystores if keystore.public_key.hex().startswith(head)]
        return f"{found[0].label} @{found[0].organisation}" if found else None

    def organisation(self) -> str:
        return self.keystore().organisation

    def acts_for(self, organisation: str) -> bool:
        """Whether the identity in use is of this organisation; False also where none is chosen."""
        try:
            return self.organisation() == organisation
        except Refused:
            return False

    def owner(self) -> Owner:
        """To whom numbered lists are shown."""
        keystore = self.keystore()
        return Owner(keystore.label, keystore.organisation, chain_of(self.genesis_bytes())[1].hex())

    def signer(self, label: str | None = None) -> Signer:
        """Unlock an identity for this chain; the passphrase is asked for once a command."""
        keystore, suite = self.keystore(label), self.suite()
        if keystore.suite != suite.name:
            raise problem("WAL-008", label=keystore.label, found=keystore.suite, expected=suite.name)
        if keystore.label not in self._unlocked:
            secret = keystore.unlock(self.passphrase(keystore.label), suite)
            self._unlocked[keystore.label] = Signer(suite, secret, keystore.organisation)
        return self._unlocked[keystore.label]

    def passphrase(self, label: str, *, new: bool = False) -> str:
        """From a file, the environment or a terminal; never from an argument, which other users can read."""
        passphrase = self._read_passphrase(label, new=new)
        if new and not passphrase:
            raise problem("WAL-006")
        return passphrase

    def _read_passphrase(self, label: str, *, new: bool) -> str:
        path = self._passphrase_file or os.environ.get(PASSPHRASE_FILE_VARIABLE)
        if path:
            try:
                with Path(path).open("rb") as file:
                    return file.read(PASSPHRASE_BYTES_MAX).decode("utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                # The message of a decoding error quotes what it read.
                detail = error.strerror or "OS" if isinstance(error, OSError) else "not UTF-8"
                raise problem("WAL-014", file=str(path), detail=detail) from None
        if PASSPHRASE_VARIABLE in os.environ:
            return os.environ[PASSPHRASE_VARIABLE]
        if self.as_json or not sys.stdin.isatty():
            raise problem("WAL-006")
        prompt = self.words(f"身份 {label} 的口令", f"Passphrase of {label}")
        try:
            return str(click.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True))
        except click.Abort:
            raise self._left() from None

    def _left(self) -> Refused:
        """Somebody left at a question, by Ctrl-C or the end of the input: what is said next begins a line."""
        click.echo(err=True)
        return problem("WAL-040")

    def confirm(self, zh: str, en: str, yes: bool) -> None:
        """Ask; raises WAL-040 when the answer is no, or when nobody is there to answer."""
        if yes:
            return
        try:
            agreed = not self.as_json and click.confirm(self.words(zh, en), err=True)
        except click.Abort:
            raise self._left() from None
        if not agreed and not self.as_json and not sys.stdin.isatty():
            # An answer from a pipe is not seen, and ends no line.
            raise self._left()
        if not agreed:
            raise problem("WAL-040")


def _row_by_cells(titles: Sequence[str], row: Sequence[str], width: int) -> str:
    """A row of a table that is too wide: `title cell` after one another, lines broken between them."""
    lines, used = [""], 0
    for title, cell in zip(titles, row, strict=True):
        if not cell:
            continue
        piece = f"{title} {cell}" if title else cell
        if used and used + COLUMN_GAP + cell_len(piece) > width:
            lines.append(" " * INDENT)
            used = INDENT
        elif used:
            lines[-1] += " " * COLUMN_GAP
            used += COLUMN_GAP
        lines[-1] += piece
        used += cell_len(piece)
    return "\n".join(lines)


def _language(given: str | None) -> str:
    if given is None:
        return language_in(os.environ)
    if given not in LANGUAGES:
        raise problem("WAL-011", argument="lang", detail=f"zh or en expected, not {given[:20]}")
    return given


_OPTIONS: Final = (
    click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象 · answer with one JSON object"),
    click.option("--lang", "language", help="语言 zh | en · the language (LUGANG_LANG)"),
    click.option("--home", type=click.Path(path_type=Path, file_okay=False),
                 help="钱包目录 · the wallet's folder (LUGANG_HOME)"),
    click.option("--node", "nodes", multiple=True, help="节点网址，可重复 · a node's URL, repeatable (LUGANG_NODES)"),
    click.option("--genesis", type=click.Path(path_type=Path, dir_okay=False),
                 help="创世文件 · the chain's genesis file"),
    click.option("--key", "identity", help="身份 · the identity to use"),
    click.option("--passphrase-file", type=click.Path(path_type=Path, dir_okay=False),
                 help="口令文件 · a file with the passphrase (LUGANG_PASSPHRASE_FILE, LUGANG_PASSPHRASE)"),
)  # fmt: skip

EXIT_CODES: Final = (
    "退出码：0 完成，1 被拒绝或未能证明，2 用法，3 网络，4 密钥或口令，5 已取消，130 已中断\n\n"
    "Exit codes: 0 done, 1 refused or not proven, 2 usage, 3 network, 4 key or passphrase, 5 cancelled, 130 interrupted"
)

Command = Callable[..., Any]


def wallet_command(name: str, zh: str, en: str) -> Callable[[Command], click.Command]:
    """A click command around `function(app, …)`; what it returns is the JSON answer."""

    def wrap(function: Command) -> click.Command:
        @functools.wraps(function)
        def run(**arguments: Any) -> None:
            shared = ("home", "nodes", "genesis", "language", "identity", "passphrase_file", "as_json")
            options = {key: arguments.pop(key) for key in shared}
            language = options["language"] if options["language"] in LANGUAGES else language_in(os.environ)
            app: App | None = None

            def fail(refused: Refused) -> NoReturn:
                told = {} if app is None else app.told()
                code = exit_code_of(refused)
                leave(refused, code, language=language, as_json=options["as_json"], facts=told)

            try:
                app = App(**options)
                language = app.language
                try:
                    answer = function(app, **arguments)
                finally:
                    app.close()
            except Refused as refused:
                fail(refused)
            except (KeyboardInterrupt, click.Abort):
                fail(problem("WAL-041"))
            else:
                if options["as_json"]:
                    answer_json({"ok": True, **(answer or {}), **app.complaints()})

        decorated: Any = run
        for option in reversed(_OPTIONS):
            decorated = option(decorated)
        return click.command(name, help=f"{zh}\n\n{en}", epilog=EXIT_CODES)(decorated)

    return wrap
