"""The engine: who may, undoing, calls between contracts, pending items, sweeps, lifecycle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.engine import Engine
from contracts.rehearsal import Rehearsal, key_named, rehearsal_genesis, system_sources
from contracts.views import Library
from ledger.codec import encode
from ledger.crypto import INTERNATIONAL
from ledger.errors import Refused
from ledger.genesis import ValidatorEntry
from ledger.receipt import Receipt, Status
from ledger.state import StateHasher, StateTree
from ledger.transaction import Body, Transaction
from ledger.validators import VALIDATORS_MAX
from node.limits import pool_limits_of
from node.pool import Pool
from tests.contracts.support import FIRMS, FIXTURES, chain, contract

MISSING = bytes(34)


@pytest.fixture
def told() -> Rehearsal:
    sources = {name: (FIXTURES / f"{name}.py").read_text(encoding="utf-8") for name in ("purse", "caller")}
    return chain(
        purse=sources["purse"],
        caller=sources["caller"],
        policies=(("policy", "pay", "", ((0, 0), (1_000, 1), (10_000, 2))),),
    )


def made(told: Rehearsal, person: str, money: int, due: int | None = None) -> bytes:
    receipt = told.do(person, "purse", "make", money, due)
    assert receipt.status is Status.DONE, (receipt.code, receipt.numbers)
    result: bytes = receipt.result
    return result


def money(told: Rehearsal, purse: bytes) -> int:
    amount: int = told.view("purse", "purse", purse)[1]
    return amount


def refused(
    told: Rehearsal, person: str, *act: object, cosigners: tuple[str, ...] = ()
) -> tuple[str | None, dict[str, object]]:
    """Code and numbers of an act that must be refused and change nothing."""
    rows = dict(told.reader.rows)
    receipt = told.do(person, *act, cosigners=cosigners)  # type: ignore[arg-type]
    assert receipt.status is Status.REFUSED
    assert receipt.events == ()
    assert receipt.result is None
    assert told.reader.rows == rows
    return receipt.code, dict(receipt.numbers)


def fields_of(body: Body) -> dict[str, object]:
    return {name: getattr(body, name) for name in Body.__annotations__}


# -- who may


def test_who_may_is_checked_in_order(told):
    purse, other = made(told, "a", 100), made(told, "b", 0)
    assert refused(told, "stranger", "purse", "pay", purse, other, 1)[0] == "AUTH-001"
    assert refused(told, "nobody", "purse", "make", 1, None)[0] == "AUTH-005"
    assert refused(told, "b", "purse", "pay", purse, other, 1) == (
        "AUTH-003",
        {"field": "owner", "party": "a", "caller": "b"},
    )
    assert refused(told, "a", "purse", "pay", MISSING, other, 1)[0] == "EXE-003"
    assert refused(told, "a", "membership", "suspend", "b", bytes(32))[0] == "AUTH-004"
    told.do("a", "membership", "enrol", told.key("checker of a"), ("check",))
    assert refused(told, "checker of a", "purse", "make", 1, None)[0] == "AUTH-006"
    assert refused(told, "a", "purse", "take", purse, other, 1)[0] == "EXE-005"


def test_arguments_are_tested_before_anything_else(told):
    purse = made(told, "a", 100)
    assert refused(told, "a", "purse", "pay", purse, purse)[0] == "TX-009"
    for wrong in (True, "1", None, b"1", (1,)):
        assert refused(told, "a", "purse", "pay", purse, purse, wrong)[0] == "TX-010"
    assert refused(told, "a", "purse", "pay", purse[:-1], purse, 1)[0] == "TX-010"
    assert refused(told, "a", "unknown", "pay")[0] == "TX-007"
    assert refused(told, "a", "purse", "unknown")[0] == "TX-008"
    assert refused(told, "a", "purse", "owned_by", "a", None, 1)[0] == "TX-008"


def test_a_transaction_under_another_interface_is_refused(told):
    transaction = told.transaction("a", "purse", "make", (1, None))
    other = told.transaction("a", "caller", "pay", (MISSING, MISSING, 1))
    body = Body(**{**fields_of(transaction.body), "summary": other.body.summary})
    wrong = Transaction(transaction.id, transaction.wid, b"", body, ())
    assert told.apply([wrong])[0].code == "TX-012"


def test_a_suspended_organisation_can_do_nothing(told):
    purse = made(told, "a", 100)
    told.do("supervisor", "membership", "suspend", "a", bytes(32))
    assert refused(told, "a", "purse", "close", purse) == ("AUTH-002", {"organisation": "a", "status": "suspended"})


def test_a_capacity_ends_with_its_day(told):
    day = told.last.day
    told.do("supervisor", "membership", "license", "nobody", "supplier", day + 1, bytes(32))
    told.do("operator", "calendar", "step", day + 1)
    assert told.do("nobody", "purse", "make", 1, None).status is Status.DONE
    told.do("operator", "calendar", "step", day + 2)
    assert refused(told, "nobody", "purse", "make", 1, None)[0] == "AUTH-005"


# -- undoing


def test_a_refusal_undoes_what_went_before(told):
    purse, other = made(told, "a", 100), made(told, "b", 5)
    assert refused(told, "a", "purse", "pay", purse, other, 101) == ("PUR-001", {"money": 100, "asked": 101})
    assert (money(told, purse), money(told, other)) == (100, 5)


def test_a_refused_one_leaves_the_others_of_its_block(told):
    purse, other = made(told, "a", 100), made(told, "b", 0)
    amounts = (60, 60, 40, 1)
    receipts = told.apply([told.transaction("a", "purse", "pay", (purse, other, amount)) for amount in amounts])
    assert [receipt.status for receipt in receipts[:4]] == [Status.DONE, Status.REFUSED, Status.DONE, Status.REFUSED]
    assert (money(told, purse), money(told, other)) == (0, 100)


def test_whom_the_blocks_budget_does_not_reach_is_told_to_send_again_and_whoever_begins_may_end():
    genesis = rehearsal_genesis({**system_sources(), "purse": (FIXTURES / "purse.py").read_text("utf-8")}, FIRMS)
    price = cost_of_a_payment()
    limits = {**dict(genesis.limits), "block_budget_max": 2 * price + 1}
    told = Rehearsal(replace(genesis, limits=tuple(limits.items())))
    purse, other = made(told, "a", 100), made(told, "b", 0)
    payments = [told.transaction("a", "purse", "pay", (purse, other, 1)) for _ in range(5)]
    *receipts, _ = told.apply(payments)
    assert [(r.code, r.budget_used) for r in receipts] == [(None, price)] * 3 + [("EXE-009", 0)] * 2
    assert dict(receipts[3].numbers) == {"used": 3 * price, "limit": 2 * price + 1}
    assert told.last.units == (price, price, price, 0, 0)
    assert (money(told, purse), money(told, other)) == (97, 3)


def cost_of_a_payment() -> int:
    told = chain(purse=(FIXTURES / "purse.py").read_text("utf-8"))
    purse, other = made(told, "a", 100), made(told, "b", 0)
    receipt = told.do("a", "purse", "pay", purse, other, 1)
    assert receipt.status is Status.DONE
    return receipt.budget_used


def test_out_of_budget_undoes_and_says_so():
    source = contract(
        "    rows = Map(Text, Row)\n"
        '    @action(anyone=True)\n    def act(self, ctx, n: int) -> None:\n        """zh: 试 | en: Try"""\n'
        '        self.rows["x"] = Row(number=n)\n        while n:\n            n += 1\n',
        records="class Row(Record):\n    number: int\n",
    )
    told = chain(trial=source)
    rows = dict(told.reader.rows)
    receipt = told.do("a", "trial", "act", 1)
    assert (receipt.status, receipt.code) == (Status.OUT_OF_BUDGET, "EXE-001")
    assert receipt.budget_used == told.genesis.limit("transaction_budget_max")
    assert told.reader.rows == rows


# -- calls


def test_a_call_is_the_contracts_own_and_all_or_nothing(told):
    purse, other = made(told, "a", 100), made(told, "b", 0)
    assert told.do("c", "caller", "take", purse, other, 30).status is Status.DONE
    assert (money(told, purse), money(told, other)) == (70, 30)
    assert refused(told, "c", "caller", "take", purse, other, 71)[0] == "PUR-001"
    assert refused(told, "c", "caller", "take_and_stop", purse, other, 1)[0] == "CAL-901"


def test_attempt_undoes_the_callee_alone(told):
    purse, other = made(told, "a", 100), made(told, "b", 0)
    receipt = told.do("c", "caller", "try_both", purse, other, 1_000)
    assert receipt.result == (None, "PUR-001")
    assert (money(told, purse), money(told, other)) == (99, 1)
    assert [event.values for event in receipt.events] == [(other, 1)]


def test_identity_passes_on_by_delegation_alone(told):
    purse, other = made(told, "a", 100), made(told, "b", 0)
    assert told.do("a", "caller", "give", purse, other, 1).result == "caller:a"
    assert refused(told, "b", "caller", "give", purse, other, 1)[0] == "AUTH-003"
    assert told.do("b", "caller", "give_as_contract", purse, other, 1).result == "caller:"
    assert refused(told, "a", "caller", "pay", purse, other, 1)[0] == "EXE-005"


def test_a_view_of_another_contract(told):
    purse = made(told, "a", 42)
    assert told.view("caller", "money_of", purse) == 42


# -- pending


def test_an_act_above_the_band_waits_for_its_checkers(told):
    purse, other = made(told, "a", 50_000), made(told, "b", 0)
    for name in ("c1", "c2"):
        told.do("a", "membership", "enrol", told.key(name), ("check",))
    assert told.do("a", "purse", "pay", purse, other, 999).status is Status.DONE
    receipt = told.do("a", "purse", "pay", purse, other, 10_000)
    [waiting] = receipt.events
    item, _, _, _, act, amount, missing = waiting.values
    assert (receipt.status, receipt.result, waiting.event, amount, missing) == (Status.DONE, None, "Waiting", 10_000, 2)
    assert money(told, other) == 999
    assert refused(told, "c1", "approval", "approve", item, bytes(32), "")[0] == "APR-001"
    assert refused(told, "b", "approval", "approve", item, act, "")[0] == "AUTH-003"
    assert refused(told, "a", "approval", "approve", item, act, "")[0] == "APR-002"
    assert told.do("c1", "approval", "approve", item, act, "").status is Status.DONE
    assert refused(told, "c1", "approval", "approve", item, act, "")[0] == "APR-002"
    assert money(told, other) == 999
    assert told.do("c2", "approval", "approve", item, act, "").status is Status.DONE
    assert money(told, other) == 10_999
    assert refused(told, "c2", "approval", "approve", item, act, "")[0] == "EXE-003"


def test_T49_a_checker_may_come_after_a_hundred_others_and_days_and_the_old_body_may_not(told):  # noqa: N802 - the case has its number
    purse, other = made(told, "a", 50_000), made(told, "b", 0)
    told.do("a", "membership", "enrol", told.key("c1"), ("check",))
    request = told.transaction("a", "purse", "pay", (purse, other, 5_000))
    item, _, _, _, act, *_ = told.apply([request])[0].events[0].values
    for _ in range(100):
        assert told.do("a", "purse", "pay", purse, other, 1).status is Status.DONE
    for day in range(told.last.day + 1, told.last.day + 21):
        told.do("operator", "calendar", "step", day)
    assert told.do("c1", "approval", "approve", item, act, "").status is Status.DONE
    assert money(told, other) == 5_100
    # What waits is the act, and the signed request has done its work: its own time has long passed.
    body = request.body._replace(valid_until=told.header(0).time - 20 * 24 * 3_600_000)
    with pytest.raises(Refused) as refusal:
        Pool(pool_limits_of(told.genesis)).check_time(request._replace(body=body), told.header(0).time)
    assert refusal.value.code == "TX-004"


def test_co_signing_checkers_need_no_waiting(told):
    purse, other = made(told, "a", 50_000), made(told, "b", 0)
    told.do("a", "membership", "enrol", told.key("c1"), ("check",))
    assert told.do("a", "purse", "pay", purse, other, 1_000, cosigners=("c1",)).events[0].event == "Paid"
    assert told.do("a", "purse", "pay", purse, other, 1_000, cosigners=("b",)).events[0].event == "Waiting"


def test_what_waited_is_checked_again_when_it_is_done(told):
    purse, other = made(told, "a", 5_000), made(told, "b", 0)
    told.do("a", "membership", "enrol", told.key("c1"), ("check",))
    item, _, _, _, act, *_ = told.do("a", "purse", "pay", purse, other, 5_000).events[0].values
    told.do("a", "purse", "pay", purse, other, 1)
    assert refused(told, "c1", "approval", "approve", item, act, "")[0] == "PUR-001"
    assert told.view("approval", "waiting_in", "a", None) == (item,)


def test_a_refused_approval_lends_its_signers_to_nobody():
    """What a maker and its counterparty have signed is used for that act alone, also inside a batch."""
    source = contract(
        "    @action(permission='make', policy='pay', amount='money')\n"
        "    def joint(self, ctx, other: Org, money: Fen) -> int:\n"
        '        """zh: 会签 | en: Sign together"""\n'
        "        ctx.require(ctx.is_signed_by(other), self.no, why=other)\n"
        "        return 1\n"
    )
    told = chain(
        purse=(FIXTURES / "purse.py").read_text(encoding="utf-8"),
        trial=source,
        policies=(("policy", "pay", "", ((0, 0), (1_000, 1))),),
    )
    told.do("a", "membership", "enrol", told.key("c1"), ("check", "make"))
    purse, other = made(told, "a", 5_000), made(told, "b", 0)
    acts = []
    for act in (("purse", "pay", purse, other, 5_000), ("trial", "joint", "b", 5_000)):
        cosigners = ("b",) if act[0] == "purse" else ()
        [waiting] = told.do("a", *act, cosigners=cosigners).events
        acts.append((waiting.values[0], waiting.values[4], ""))
    told.do("a", "purse", "pay", purse, other, 1)
    rows = items(*[(f"r{i}", act) for i, act in enumerate(acts)])
    receipt = told.do("c1", *batch(told, 2, 0, "each", rows, ("approval", "approve")))
    assert receipt.result == (("r0", "PUR-001"), ("r1", "TRI-001"))


# -- sweeps


def test_a_sweep_is_bounded_and_goes_on(told):
    today = told.last.day
    purses = [made(told, "a", i, today) for i in range(10)]
    receipts = told.apply([told.transaction("operator", "calendar", "step", (today + 1,))])
    swept = [len(receipts[-1].events)]
    swept += [len(told.apply([])[-1].events) for _ in range(3)]
    assert swept == [4, 4, 2, 0]
    assert all(told.view("purse", "purse", purse)[2] is None for purse in purses)


def test_rows_that_refuse_do_not_block_the_sweep(told):
    today = told.last.day
    stuck = [made(told, "a", 666, today) for _ in range(6)]
    good = [made(told, "b", 1, today) for _ in range(3)]
    told.do("operator", "calendar", "step", today + 1)
    for _ in range(4):
        told.restart()
        told.apply([])
    assert [told.view("purse", "purse", purse)[2] for purse in good] == [None] * 3
    assert [told.view("purse", "purse", purse)[2] for purse in stuck] == [today] * 6


# -- indexes and scans


def test_scans_see_the_block_that_is_being_executed(told):
    purses = [made(told, "a", i) for i in range(3)]
    transactions = [told.transaction("a", "purse", "make", (9, None))]
    transactions.append(told.transaction("a", "purse", "close", (purses[1],)))
    transactions.append(told.transaction("a", "purse", "pay", (purses[0], purses[1], 99)))
    transactions.append(told.transaction("a", "purse", "date", (purses[0], 3)))
    receipts = told.apply(transactions)
    assert receipts[2].code == "PUR-001"
    assert receipts[3].result == tuple(sorted([purses[0], purses[2], receipts[0].result]))


def test_pages_of_an_index_meet(told):
    purses = sorted(made(told, "a", i) for i in range(7))
    found, after = [], None
    while page := told.view("purse", "owned_by", "a", after, 3):
        found += page
        after = page[-1]
    assert found == purses


def test_an_index_by_two_fields_leaves_out_rows_without_one(told):
    first, second, third = made(told, "a", 1, 20_000), made(told, "a", 2), made(told, "a", 3, 19_900)
    assert told.view("purse", "dated", "a") == (third, first)
    assert second not in told.view("purse", "due_until", 30_000)
    assert told.view("purse", "due_until", 19_900) == (third,)


def test_composite_keys_scan_by_their_first_part(told):
    for person, name in (("b", "x"), ("a", "y"), ("a", "x")):
        told.do(person, "purse", "name", name, 5)
    assert [row[0] for row in told.view("purse", "named", "a")] == [("a", "x"), ("a", "y")]
    assert refused(told, "a", "purse", "name", "x\0y", 5)[0] == "TX-010"


# -- lifecycle

TINY = '''
from contracts.sdk import Contract, Map, Record, Text, action, view


class Note(Record):
    text: Text


class Notes(Contract):
    notes = Map(Text, Note)

    @action(anyone=True)
    def write(self, ctx, name: Text, text: Text) -> None:
        """zh: 记 {name} | en: Note {name}"""
        self.notes[name] = Note(text=text)

    @view
    def read(self, ctx, name: Text) -> Note:
        """zh: 读 | en: Read"""
        return self.notes[name]
'''
BETTER = (
    TINY.replace("    text: Text\n\n", "    text: Text\n    pages: int = 1\n\n")
    .replace("ctx, name: Text, text: Text", "ctx, name: Text, text: Text, pages: int")
    .replace("Note(text=text)", "Note(text=text, pages=pages)")
)


def uploaded(told: Rehearsal, source: str, height: int) -> Receipt:
    receipt = told.do("operator", "governance", "upload", "notes", source, height)
    if receipt.status is Status.DONE:
        assert told.do("supervisor", "governance", "approve", receipt.result).status is Status.DONE
    return receipt


def test_a_contract_is_uploaded_approved_and_active_at_its_height(told):
    assert uploaded(told, TINY, 5).status is Status.DONE
    assert told.height == 2
    for _ in range(2):
        assert told.do("a", "notes", "write", "x", "one").code == "TX-007"
    assert told.height == 4
    assert told.do("a", "notes", "write", "x", "one").status is Status.DONE
    assert told.view("governance", "contract", "notes")[3:] == ("active", 1, 5)


def test_an_upgrade_keeps_the_state_and_appends_fields(told):
    uploaded(told, TINY, 0)
    told.apply([])
    told.do("a", "notes", "write", "x", "one")
    old = told.transaction("a", "notes", "write", ("y", "two"))
    uploaded(told, BETTER, 0)
    assert told.apply([old])[0].code == "TX-012"
    assert told.do("a", "notes", "write", "y", "two", 7).status is Status.DONE
    assert told.view("notes", "read", "x") == ("one", 1)
    assert told.view("notes", "read", "y") == ("two", 7)
    told.restart()
    assert told.view("notes", "read", "x") == ("one", 1)
    assert told.view("governance", "contract", "notes")[4] == 2


@pytest.mark.parametrize(
    "change",
    [
        ("text: Text\n\n", "text: Text\n    pages: int\n\n"),
        ("    text: Text\n\n", "    text: int\n\n"),
        ("class Note(Record):\n    text", "class Note(Record):\n    pages: int = 1\n    text"),
        ("notes = Map(Text, Note)", "first = Map(Text, Note)\n    notes = Map(Text, Note)"),
        ("notes = Map(Text, Note)", "notes = Map(int, Note)"),
    ],
)
def test_an_upgrade_that_would_not_fit_the_state_is_refused(told, change):
    uploaded(told, TINY, 0)
    told.apply([])
    source = TINY.replace(*change).replace("Note(text=text)", "Note(text=text)")
    receipt = uploaded(told, source, 0)
    assert receipt.status is Status.REFUSED
    assert receipt.code in ("CHK-017", "CHK-011", "CHK-010")


def test_an_upgrade_that_another_has_overtaken_fails_and_is_over(told):
    """Both fit when they are uploaded. Whichever comes into force first decides whether the other still does."""
    uploaded(told, TINY, 0)
    told.apply([])
    sources = (BETTER, BETTER.replace("pages", "lines"))
    proposals = [told.do("operator", "governance", "upload", "notes", source, 0).result for source in sources]
    for proposal in proposals:
        assert told.do("supervisor", "governance", "approve", proposal).status is Status.DONE
    told.apply([])
    statuses = [told.view("governance", "proposal", proposal)[4] for proposal in proposals]
    assert statuses == ["done", "failed"]
    assert told.view("governance", "contract", "notes")[4] == 2
    # It is not tried again in every block that follows.
    before = dict(told.reader.rows)
    told.apply([])
    assert told.reader.rows == before
    assert Receipt.decode(told.last.receipts[-1]).budget_used == 0


def test_who_uploads_does_not_approve(told):
    proposal = told.do("operator", "governance", "upload", "notes", TINY, 5).result
    assert refused(told, "operator", "governance", "approve", proposal)[0] == "GOV-004"
    assert refused(told, "a", "governance", "upload", "notes", TINY, 5)[0] == "AUTH-004"


def test_a_refused_source_says_line_and_why(told):
    code, numbers = refused(
        told, "operator", "governance", "upload", "notes", TINY.replace("Note(text=text)", "open('x')"), 5
    )
    assert code == "CHK-007"
    assert (numbers["line"], numbers["what"]) == (15, "open")


LINK, TAKEN = key_named("link", INTERNATIONAL), key_named("link 0", INTERNATIONAL)
WHOLE = ("a", LINK, ("/ip4/127.0.0.1/tcp/4001", "/dns4/node.example.cn/tcp/4001/p2p/x"))
NO_ADDRESSES = (
    "", "/ip4/127.0.0.1", "/ip4/127.0.0.1/udp/4001", "/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/65536",
    "/ip4/127.0.0.1/tcp/４００１", "/ip4//tcp/4001", "/unix/x/tcp/1", "ip4/127.0.0.1/tcp/4001",
    "/dns/" + "x" * 128 + "/tcp/1",
)  # fmt: skip


def test_the_validators_follow_the_chain(told):
    assert len(told.last.next_validators) == 4
    proposal = told.do("operator", "governance", "propose_validator", told.key("v5"), *WHOLE, False).result
    told.do("supervisor", "governance", "approve", proposal)
    assert [row.organisation for row in told.last.next_validators.rows if row.key == told.key("v5")] == ["a"]
    joined = ValidatorEntry(told.key("v5"), *WHOLE)
    assert told.last.nodes == tuple(sorted((*told.genesis.validators, joined), key=lambda entry: entry.key))
    told.restart()
    told.apply([])
    assert (len(told.last.next_validators), told.last.nodes) == (5, None)
    assert joined in Library(told.suite, told.genesis, told.chain).nodes(told.reader)


@pytest.mark.parametrize(
    ("key", "rest", "code"),
    [
        (bytes(64), WHOLE, "TX-010"),
        (bytes(32), WHOLE, "GOV-013"),
        (b"\xff" * 32, WHOLE, "GOV-013"),
        (None, ("nobody else", *WHOLE[1:]), "GOV-013"),
        (None, ("a", LINK[:31], WHOLE[2]), "GOV-013"),
        # RFC 8032 section 5.1.3: the neutral element, by which nobody can be known; y = 2 encodes no point.
        (None, ("a", (1).to_bytes(32, "little"), WHOLE[2]), "GOV-013"),
        (None, ("a", (2).to_bytes(32, "little"), WHOLE[2]), "GOV-013"),
        (None, ("a", TAKEN, WHOLE[2]), "GOV-013"),
        (None, (*WHOLE[:2], ()), "GOV-013"),
        *[(None, (*WHOLE[:2], (WHOLE[2][0], address)), "GOV-013") for address in NO_ADDRESSES],
    ],
)
def test_who_cannot_validate_is_not_proposed(told, key, rest, code):
    """Such a validator would count in every quorum; one whose key has another length no node could read again."""
    act = (told.key("v5") if key is None else key, *rest, False)
    assert refused(told, "operator", "governance", "propose_validator", *act)[0] == code


def test_what_was_proposed_is_checked_again_when_it_is_approved(told):
    """Two nodes under one transport key are one node to all others."""
    proposals = [
        told.do("operator", "governance", "propose_validator", told.key(name), *WHOLE, False).result
        for name in ("v5", "v6")
    ]
    assert told.do("supervisor", "governance", "approve", proposals[0]).status is Status.DONE
    assert refused(told, "supervisor", "governance", "approve", proposals[1])[0] == "GOV-013"
    # The same validator may move.
    moved = ("a", LINK, ("/ip6/::1/tcp/4002",))
    proposal = told.do("operator", "governance", "propose_validator", told.key("v5"), *moved, False).result
    assert told.do("supervisor", "governance", "approve", proposal).status is Status.DONE
    assert ValidatorEntry(told.key("v5"), *moved) in told.last.nodes


def test_only_a_validator_leaves_and_there_is_room_for_64(told):
    """Certificates have a place for 64 signatures: with one validator more no node could read one."""
    unknown = ("governance", "propose_validator", told.key("v5"), "a", b"", (), True)
    assert refused(told, "operator", *unknown) == ("GOV-015", {"key": told.key("v5").hex()})
    for n in range(4, VALIDATORS_MAX):
        row = ("a", key_named(f"link {n}", INTERNATIONAL), WHOLE[2])
        told.given("governance", "validators", told.key(f"validator {n}"), row)
    told.restart()
    one_more = ("governance", "propose_validator", told.key("v5"), *WHOLE, False)
    assert refused(told, "operator", *one_more) == ("GOV-014", {"most": VALIDATORS_MAX})


def test_the_longest_source_that_a_transaction_carries_comes_into_force(told):
    source = TINY + "    # a remark\n" * 4_000
    source += "#" * (64_000 - len(source))
    assert uploaded(told, source, 0).status is Status.DONE
    told.apply([])
    assert told.do("a", "notes", "write", "x", "one").status is Status.DONE


# -- roots and receipts


def test_rows_lead_to_the_same_root_whoever_computes_it(told):
    """The tree fed block by block, and the tree of what the database holds at the end."""
    hasher = StateHasher(told.suite, 8)
    pages: dict[int, bytes] = {}
    tree = StateTree(hasher)

    def feed(state):
        update = tree.update([(k, None if v is None else hasher.value(v)) for k, v in state.items()], pages.get)
        for bucket, page in update.pages.items():
            if page is None:
                pages.pop(bucket)
            else:
                pages[bucket] = page
        return update.root

    other = chain(purse=(FIXTURES / "purse.py").read_text(encoding="utf-8"))
    root = feed(other.last.state)
    for i in range(6):
        purse = made(other, "ab"[i % 2], i)
        root = feed(other.last.state)
        if i % 3 == 0:
            other.do("ab"[i % 2], "purse", "forget", purse)
            root = feed(other.last.state)
    whole = StateTree(hasher)
    rows = [(key[1:], hasher.value(value)) for key, value in other.reader.rows.items() if key[:1] == b"s"]
    assert whole.update(rows, lambda _: None).root == root


def test_receipts_are_the_ledgers_bytes(told):
    purse, other = made(told, "a", 5_000), made(told, "b", 0)
    acts = [
        ("a", "pay", (purse, other, 1)),
        ("a", "pay", (purse, other, 10**6)),
        ("b", "pay", (purse, other, 1)),
        ("a", "make", (5, None)),
    ]
    told.apply([told.transaction(person, "purse", action, args) for person, action, args in acts], [b"misbehaviour"])
    for receipt in told.last.receipts:
        assert Receipt.decode(receipt).encode() == receipt


def test_a_cold_engine_goes_on_like_a_warm_one(told):
    purse, other = made(told, "a", 100), made(told, "b", 0)
    transactions = [told.transaction("a", "purse", "pay", (purse, other, amount)) for amount in (1, 1_000, 2)]
    told.height += 1
    header = told.header(3)
    warm = told.engine.apply(header, transactions)
    cold = Engine(told.suite, told.genesis, told.chain, told.reader).apply(header, transactions)
    assert warm == cold


# -- batches


def items(*rows: tuple[str, tuple[object, ...]]) -> tuple[tuple[str, bytes], ...]:
    return tuple((reference, encode(args)) for reference, args in rows)


def batch(told, count, total, mode, rows, act=("purse", "pay")):
    return ("batch", "run", bytes(32), count, total, *act, told.interface_digest(act[0]), mode, rows)


def test_a_batch_does_each_and_skips_what_was_done(told):
    purse, other = made(told, "a", 100), made(told, "b", 0)
    rows = items(("r1", (purse, other, 30)), ("r2", (purse, other, 300)), ("r3", (purse, other, 20)))
    receipt = told.do("a", *batch(told, 3, 350, "each", rows))
    assert receipt.result == (("r1", "done"), ("r2", "PUR-001"), ("r3", "done"))
    assert (money(told, purse), money(told, other)) == (50, 50)
    again = told.do("a", *batch(told, 3, 350, "each", rows))
    assert again.result == (("r1", "known"), ("r2", "PUR-001"), ("r3", "known"))
    assert money(told, other) == 50


def with_faulty() -> Rehearsal:
    return chain(**{name: (FIXTURES / f"{name}.py").read_text(encoding="utf-8") for name in ("faulty", "asker")})


def test_one_items_fault_is_that_items_refusal():
    told = with_faulty()
    rows = items(("r0", (0,)), ("r7", (7,)), ("r-1", (-1,)))
    receipt = told.do("a", *batch(told, 3, 0, "each", rows, act=("faulty", "pick")))
    assert receipt.result == (("r0", "done"), ("r7", "EXE-006"), ("r-1", "done"))
    assert [event.values[0] for event in receipt.events if event.contract == "faulty"] == [0, -1]
    assert told.view("faulty", "held") == (-1, 0)
    assert told.view("batch", "reference", "a", "r7") is None
    told = with_faulty()
    act = batch(told, 3, 0, "all", rows, act=("faulty", "pick"))
    assert refused(told, "a", *act) == ("BCH-005", {"place": 2, "reference": "r7", "code": "EXE-006"})


def test_an_attempt_takes_the_callees_fault_for_a_refusal():
    told = with_faulty()
    receipt = told.do("a", "asker", "ask")
    assert (receipt.status, receipt.result) == (Status.DONE, (None, "EXE-006", None))
    assert told.view("faulty", "held") == (-1, 0)


def test_a_batch_of_all_does_all_or_nothing(told):
    purse, other = made(told, "a", 100), made(told, "b", 0)
    rows = items(("r1", (purse, other, 30)), ("r2", (purse, other, 300)))
    code, numbers = refused(told, "a", *batch(told, 2, 330, "all", rows))
    assert (code, numbers) == ("BCH-005", {"place": 2, "reference": "r2", "code": "PUR-001"})
    good = items(("r1", (purse, other, 30)), ("r2", (purse, other, 3)))
    assert told.do("a", *batch(told, 2, 33, "all", good)).status is Status.DONE


def test_a_batch_is_no_way_around_a_check(told):
    purse, other = made(told, "a", 50_000), made(told, "b", 0)
    one = items(("r1", (purse, other, 5_000)))
    assert refused(told, "a", *batch(told, 1, 1, "each", one))[0] == "BCH-002"
    assert refused(told, "a", *batch(told, 2, 5_000, "each", one))[0] == "BCH-001"
    assert refused(told, "a", *batch(told, 1, 5_000, "all", one))[1]["code"] == "AUTH-007"
    assert refused(told, "b", *batch(told, 1, 5_000, "all", one))[1]["code"] == "AUTH-003"
    told.do("a", "membership", "enrol", told.key("c1"), ("check",))
    act = batch(told, 1, 5_000, "all", one)
    assert told.do("a", *act, cosigners=("c1",)).status is Status.DONE
    assert money(told, other) == 5_000


def test_five_hundred_items_fit_a_transaction_and_its_budget(told):
    purse, other = made(told, "a", 50_000), made(told, "b", 0)
    rows = items(*[(f"r{i}", (purse, other, 1)) for i in range(500)])
    receipt = told.do("a", *batch(told, 500, 500, "all", rows))
    assert receipt.status is Status.DONE, (receipt.code, receipt.numbers)
    assert len(encode(rows)) < 64 * 1024
    assert money(told, other) == 500


def test_the_national_suite_executes_the_same_acts():
    sources = {**system_sources(), "purse": (FIXTURES / "purse.py").read_text(encoding="utf-8")}
    told = Rehearsal(rehearsal_genesis(sources, FIRMS, suite_name="gm"))
    assert len(told.key("a")) == 64
    purse, other = made(told, "a", 100), made(told, "b", 0)
    told.do("a", "purse", "pay", purse, other, 1)
    assert refused(told, "b", "purse", "pay", purse, other, 1)[0] == "AUTH-003"
    told.restart()
    assert (money(told, purse), money(told, other)) == (99, 1)
    assert told.view("membership", "staff_of", "a", None) == (told.key("a"),)
