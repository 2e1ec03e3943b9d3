"""Stories: a contract's golden trace in plain words, its test and its example.

A block is a command, `----`, and everything that it changes, announces or refuses, then an empty line:

    firm a, b: role user; capacity supplier        member organisations; the name is also their administrator's
    person ann of a: make                          a person with permissions
    day 2022-06-30                                 the business day; later days show what the sweeps do
    parameter finance_rate_max 240000
    policy transfer of a: 0.00=0, 1,000.00=1       checkers by amount; without `of` for all
    given tranches t0: root=r1 owner=a …           a row that is there (of another contract: given credit.lines …)
    statement s1: bank=icbc number=1 kind=0 …      a bank's signed statement, called s1
    signature n1: by=icbc tag=blank of=[@blank]    a signature over digest(tag, this chain, contract, …), called n1
    a+b  voucher.offer t0 payee=b …                an act by a, co-signed by b
    ask voucher.held_by a                          a view

firm, policy and parameter stand before all else, since they make the genesis. How values are written: see `notation`;
`@rules:credit` is the digest of a contract's interface.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from contracts.context import day_of_time
from contracts.notation import Names, Notation, StoryError, words_of
from contracts.rehearsal import (
    FIRST_TIME_MS,
    Firm,
    Rehearsal,
    catalogue_names,
    catalogue_source,
    key_named,
    rehearsal_genesis,
    secret_named,
)
from contracts.state_map import STATE, StateMap
from ledger.codec import load
from ledger.errors import REFUSALS, Refusal, Refused, fill
from ledger.interface import Field, Interface, RecordForm, Type
from ledger.money import FEN_MAX
from ledger.national import suite_named
from ledger.receipt import EventRow, Status
from ledger.receipt_refusals import CHECKER_REFUSALS, ENGINE_REFUSALS
from ledger.statement import Kind, Statement, sign_statement
from ledger.summary import signed_digest

SEPARATOR: Final = "----"
_COMMENT: Final = re.compile(r"\s+#.*$|^#.*$")
_RULES: Final = re.compile(r"@rules:([a-z_]+)")
_FIRM: Final = re.compile(r"firm ([^:]+)(?::(.*))?")
_DAY: Final = Type("day")
_FEN: Final = Type("fen")


@dataclass(slots=True)
class Block:
    """A command with what is expected of it; `line` counts from 1. `outcome` is None where nothing is expected."""

    line: int
    command: str
    outcome: list[str] | None
    before: list[str]
    """Raw lines in front of the command: comments and empty lines."""


def bare(line: str) -> str:
    return _COMMENT.sub("", line).rstrip()


def read_blocks(text: str) -> tuple[list[Block], list[str]]:
    """The blocks, and the raw lines behind the last one."""
    blocks: list[Block] = []
    waiting: list[str] = []
    outcome: list[str] | None = None
    for number, raw in enumerate(text.split("\n"), 1):
        line = bare(raw)
        if outcome is not None:
            if line:
                outcome.append(raw)
                continue
            outcome = None
        if line == SEPARATOR:
            if not blocks or waiting:
                raise StoryError(f"line {number}: {SEPARATOR} without a command")
            outcome = blocks[-1].outcome = []
        elif line:
            blocks.append(Block(number, line, None, waiting))
            waiting = []
        else:
            waiting.append(raw)
    return blocks, waiting


class Story:
    """One story being told on a chain of its own."""

    def __init__(self, contract: str, text: str, source: str) -> None:
        self.contract = contract
        self.text = text
        self._source = source
        self.blocks, self.tail = read_blocks(text)
        self.suite = suite_named("intl")
        self.names = Names(lambda name: key_named(name, self.suite))
        self.notation = Notation(self.names)
        self._statements: dict[str, bytes] = {}
        self.chain = self._begin()

    def tell(self) -> list[list[str] | None]:
        """What every block really comes to."""
        outcomes = []
        for block in self.blocks:
            try:
                lines = self._command(block)
            except (StoryError, KeyError, ValueError, Refused) as error:
                raise StoryError(f"{self.contract}.story, line {block.line}: {error}") from error
            outcomes.append(lines if block.outcome is not None or lines else None)
        return outcomes

    # -- the genesis

    def _begin(self) -> Rehearsal:
        firms: list[Firm] = [Firm("operator", ("operator",)), Firm("supervisor", ("supervisor",))]
        parameters: list[tuple[str, Any, int]] = []
        policies: list[tuple[Any, ...]] = []
        first_day = None
        for block in self.blocks:
            word = block.command.split()[0]
            if word == "firm":
                firms += self._firms(block.command)
            elif word == "parameter":
                _, name, value = block.command.split()
                parameters.append((name, int(value.replace("_", "")), 0))
            elif word == "policy":
                policies.append(self._policy(block.command))
            elif word == "day" and first_day is None:
                first_day = self._day(block.command)
        firms = list({firm.organisation: firm for firm in firms}.values())
        genesis = rehearsal_genesis(
            self._sources(),
            firms,
            first_day=day_of_time(FIRST_TIME_MS) if first_day is None else first_day,
            policies=tuple(policies),
            parameters=tuple(parameters),
        )
        chain = Rehearsal(genesis)
        for name in _RULES.findall(self.text):
            self.names.give(f"@rules:{name}", chain.interface_digest(name))
        for firm in firms:
            self.names.key_named(firm.organisation)
            if "bank" in firm.capacities:
                chain.do(firm.organisation, "membership", "set_statement_key", chain.key(f"{firm.organisation} bank"))
        return chain

    def _sources(self) -> dict[str, str]:
        """The system's contracts, the catalogue's, and the story's own file."""
        sources = {name: catalogue_source(name) for name in catalogue_names()}
        sources[self.contract] = self._source
        return sources

    @staticmethod
    def _firms(command: str) -> list[Firm]:
        match = _FIRM.fullmatch(command)
        if match is None:
            raise StoryError(f"{command}: firm NAME, …: role …; capacity …")
        lists: dict[str, tuple[str, ...]] = {"role": ("user",), "capacity": ()}
        for part in (match[2] or "").split(";"):
            if part.strip():
                kind, _, rest = part.strip().partition(" ")
                lists[kind] = tuple(name.strip() for name in rest.split(","))
        names = [name.strip() for name in match[1].split(",")]
        return [Firm(name, lists["role"], lists["capacity"]) for name in names]

    def _policy(self, command: str) -> tuple[Any, ...]:
        head, _, rest = command.removeprefix("policy ").partition(":")
        name, _, organisation = head.partition(" of ")
        bands = [band.rsplit("=", 1) for band in re.split(r", +", rest.strip())]
        empty = Interface("", "", "", (), (), (), (), (), (), (), ())
        rows = tuple((self.notation.read(_FEN, start, empty), int(count)) for start, count in bands)
        return ("policy", name.strip(), organisation.strip(), rows)

    @staticmethod
    def _day(command: str) -> int:
        empty = Interface("", "", "", (), (), (), (), (), (), (), ())
        day: int = Notation(Names(lambda _: b"")).read(_DAY, command.split()[1], empty)
        return day

    # -- commands

    def _command(self, block: Block) -> list[str]:
        word = block.command.split()[0]
        if word in ("firm", "parameter", "policy"):
            return []
        if word == "person":
            return self._person(block.command)
        if word == "day":
            day = self._day(block.command)
            if day == self.chain.last.day:
                return []
            return self._outcome([self.chain.transaction("operator", "calendar", "step", (day,))], is_quiet=True)
        if word == "given":
            return self._given(block.command)
        if word == "statement":
            return self._statement(block.command)
        if word == "signature":
            return self._signature(block.command)
        if word == "ask":
            return self._ask(block.command)
        return self._act(block.command)

    def _person(self, command: str) -> list[str]:
        match = re.fullmatch(r"person (\S+) of (\S+): (.+)", command)
        if match is None:
            raise StoryError("person NAME of FIRM: PERMISSION, …")
        permissions = tuple(name.strip() for name in match[3].split(","))
        receipt = self.chain.do(match[2], "membership", "enrol", self.names.key_named(match[1]), permissions)
        if receipt.status is not Status.DONE:
            raise StoryError(f"{receipt.code} {receipt.numbers}")
        return []

    def _given(self, command: str) -> list[str]:
        head, _, rest = command.removeprefix("given ").partition(":")
        table, *key_words = words_of(head)
        contract, rows = self._table(table)
        interface, form = self._interface(contract), rows.form
        key = tuple(self.notation.read(k, w, interface) for k, w in zip(form.key, key_words, strict=True))
        given = dict(pair.split("=", 1) for pair in words_of(rest))
        values = self.notation.fields(interface.record(form.record).fields, given, interface)
        self.chain.given(contract, form.name, key[0] if len(key) == 1 else key, values)
        return []

    def _statement(self, command: str) -> list[str]:
        head, _, rest = command.removeprefix("statement ").partition(":")
        given = dict(pair.split("=", 1) for pair in words_of(rest))
        empty = Interface("", "", "", (), (), (), (), (), (), (), ())
        bank = given["bank"]
        amount: int = self.notation.read(_FEN, given["amount"], empty)
        assert amount <= FEN_MAX, "an amount is read within its range"
        statement = Statement(
            self.chain.chain,
            bank,
            int(given["number"]),
            Kind(int(given["kind"])),
            self.names.id_named(given["instruction"]),
            self.names.digest_named(given["payer"]),
            self.names.digest_named(given["payee"]),
            amount,
            given.get("currency", "CNY"),
            self.notation.read(_DAY, given["day"], empty),
            int(given["earlier"]) if given.get("earlier", "-") != "-" else None,
        )
        signer = given.get("signer", f"{bank} bank")
        signed = sign_statement(self.suite, secret_named(signer), statement)
        self.names.give(head.strip(), signed.encode())
        return []

    def _signature(self, command: str) -> list[str]:
        head, _, rest = command.removeprefix("signature ").partition(":")
        given = dict(pair.split("=", 1) for pair in words_of(rest))
        names = [name.strip() for name in given["of"].strip("[]").split(",")]
        values = [self.names.digest_named(n) if n.startswith("@") else self.names.id_named(n) for n in names]
        chain = self.names.digest_named(given["chain"]) if "chain" in given else self.chain.chain
        over = signed_digest(self.suite, chain, given.get("contract", self.contract), given["tag"], values)
        self.names.give(head.strip(), self.suite.sign(secret_named(given["by"]), over))
        return []

    def _ask(self, command: str) -> list[str]:
        target, *words = words_of(command.removeprefix("ask "))
        contract, name = target.split(".")
        interface = self._interface(contract)
        view = interface.view(name)
        args = self._arguments(view.arguments, words, interface)
        try:
            result = self.chain.view(contract, name, *args)
        except Refused as refused:
            return [self._refused(refused.code, refused.numbers, interface)]
        return [f"result {self.notation.write(view.returns, result, interface)}"]

    def _act(self, command: str) -> list[str]:
        people, target, *words = words_of(command)
        person, *cosigners = people.split("+")
        contract, name = target.split(".")
        interface = self._interface(contract)
        args = self._arguments(interface.action(name).arguments, words, interface)
        for signer in (person, *cosigners):
            self.names.key_named(signer)
        return self._outcome([self.chain.transaction(person, contract, name, args, tuple(cosigners))])

    def _arguments(self, fields: tuple[Field, ...], words: list[str], interface: Interface) -> tuple[Any, ...]:
        """Plain words in order, then `name=value`."""
        names = [entry.name for entry in fields]
        given: dict[str, str] = {}
        for i, word in enumerate(words):
            name, equals, value = word.partition("=")
            if equals and name in names:
                given[name] = value
            elif i < len(names):
                given[names[i]] = word
            else:
                raise StoryError(f"{word} is one argument too many; {', '.join(names)}")
        return self.notation.fields(fields, given, interface)

    # -- outcomes

    def _outcome(self, transactions: list[Any], *, is_quiet: bool = False) -> list[str]:
        """Everything that a block of these transactions changes, announces or refuses."""
        done, sweep = self.chain.apply(transactions)
        main = transactions[0].body.contract
        if done.status is not Status.DONE:
            lines = [self._refused(str(done.code), done.numbers, self._interface(main))]
            return lines + self._changes("", is_quiet=is_quiet)
        lines = self._changes(main, is_quiet=is_quiet)
        events = [self._event(event, main) for event in done.events if not is_quiet]
        return lines + events + [f"sweep {self._event(event, '')}" for event in sweep.events]

    def _changes(self, main: str, *, is_quiet: bool) -> list[str]:
        execution, lines = self.chain.last, []
        for full, value in execution.state.items():
            contract, rows = self._rows_of(full)
            if contract == "engine" or (is_quiet and contract == "calendar"):
                continue
            before = self.chain.before[STATE + full]
            lines.append(self._row(contract, rows, full, before, value, main))
        return lines

    def _row(
        self, contract: str, rows: StateMap, full: bytes, before: bytes | None, value: bytes | None, main: str
    ) -> str:
        interface = self._interface(contract)
        key = rows.key_of(full)
        parts = key if type(key) is tuple else (key,)
        names = [self._key_part(kind, part, rows, interface) for kind, part in zip(rows.form.key, parts, strict=True)]
        head = rows.form.name if contract == (main or self.contract) else f"{contract}.{rows.form.name}"
        if value is None:
            return f"{head} {' '.join(names)}: removed"
        form = interface.record(rows.form.record)
        old = None if before is None else self._values(rows, before)
        return f"{head} {' '.join(names)}: {self._fields(form, old, self._values(rows, value), interface)}"

    def _key_part(self, kind: Type, part: Any, rows: StateMap, interface: Interface) -> str:
        if kind.kind == "id":
            return self.names.new_id(part, rows.form.name[0])
        return self.notation.write(kind, part, interface)

    @staticmethod
    def _values(rows: StateMap, stored: bytes) -> tuple[Any, ...]:
        return rows.pack(rows.unpack(load(stored)))

    def _fields(self, form: RecordForm, old: Any, new: tuple[Any, ...], interface: Interface) -> str:
        """Of a changed row what is changed, of a new one what is not a default."""
        shown = []
        for i, entry in enumerate(form.fields):
            is_same = new[i] == old[i] if old is not None else entry.has_default and new[i] == entry.default
            if not is_same:
                shown.append(f"{entry.name}={self.notation.write(entry.type, new[i], interface)}")
        return " ".join(shown)

    def _event(self, event: EventRow, main: str) -> str:
        name = event.event if event.contract == (main or self.contract) else f"{event.contract}.{event.event}"
        if event.contract not in self.chain.engine.world.contracts:
            return f"event {name} {self.notation.plain(event.values)}"
        interface = self._interface(event.contract)
        form = next(form for form in interface.events if form.name == event.event)
        pairs = zip(form.fields, event.values, strict=True)
        return f"event {name} " + " ".join(f"{e.name}={self.notation.write(e.type, v, interface)}" for e, v in pairs)

    def _refused(self, code: str, numbers: tuple[Any, ...], interface: Interface) -> str:
        shown, forms = [], {}
        refusal = {**REFUSALS, **CHECKER_REFUSALS, **ENGINE_REFUSALS}.get(code) or Refusal(code, "", "")
        for other in self.chain.engine.world.contracts.values():
            for form in other.interface.refusals:
                if form.code == code:
                    refusal = Refusal(code, form.zh, form.en)
                    forms = {number.name: number.type for number in form.numbers}
                    interface = other.interface
        for name, value in numbers:
            known = self._named(value)
            shown.append((name, self.notation.write(forms[name], known, interface) if name in forms else str(known)))
        listed = " ".join(f"{name}={value}" for name, value in shown)
        texts = f"{fill(refusal.zh, tuple(shown))} | {fill(refusal.en, tuple(shown))}" if refusal.zh else ""
        return f"refused {code} {listed}".rstrip() + (f": {texts}" if texts else "")

    def _named(self, value: Any) -> Any:
        """A refusal quotes byte strings as hexadecimal digits; here they have names."""
        if type(value) is str and len(value) >= 16 and re.fullmatch(r"[0-9a-f]+", value):
            for known, name in self.names.all():
                if known.hex().startswith(value):
                    return name
        return value

    # -- looking up

    def _interface(self, contract: str) -> Interface:
        bound = self.chain.engine.world.contracts.get(contract)
        if bound is None:
            raise StoryError(f"there is no contract {contract}")
        return bound.interface

    def _table(self, name: str) -> tuple[str, StateMap]:
        contract, _, rows = name.rpartition(".")
        contract = contract or self.contract
        self._interface(contract)
        maps = self.chain.engine.world.contracts[contract].maps
        if rows not in maps:
            raise StoryError(f"{contract} has no map {rows}")
        return contract, maps[rows]

    def _rows_of(self, full: bytes) -> tuple[str, StateMap]:
        number = int.from_bytes(full[:2], "big")
        for bound in self.chain.engine.world.contracts.values():
            if bound.number == number:
                for rows in bound.maps.values():
                    if rows.prefix == full[:3]:
                        return bound.name, rows
        return "engine", next(iter(self.chain.engine.world.contracts["governance"].maps.values()))


def compare(story: Story) -> list[tuple[Block, list[str]]]:
    """The blocks that came to something else than was expected, with what they came to."""
    found = []
    for block, outcome in zip(story.blocks, story.tell(), strict=True):
        expected = [bare(line) for line in block.outcome or []]
        if expected != (outcome or []) and (block.outcome is not None or outcome):
            found.append((block, outcome or []))
    return found


def rewritten(story: Story) -> str:
    """The story with what really happened; comments of lines that stay are kept."""
    lines: list[str] = []
    raw = story.text.split("\n")
    for block, outcome in zip(story.blocks, story.tell(), strict=True):
        lines += [*block.before, raw[block.line - 1]]
        if outcome is not None:
            kept = {bare(line): line for line in block.outcome or []}
            lines += [SEPARATOR, *[kept.get(line, line) for line in outcome]]
    return "\n".join([*lines, *story.tail])
