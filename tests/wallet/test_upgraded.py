"""A contract is upgraded: what was signed, announced and refused before is read by the version of its time."""

import base64
import json

import pytest

from contracts.rehearsal import catalogue_source
from ledger.errors import Refused
from ledger.evidence import Evidence
from ledger.receipt import Status
from tests.catalogue.stage import DUE
from tests.wallet.engine_chain import CHECKED_FROM_FEN, home_of, serving
from wallet.session import Session

YUAN = 100
CHANGES = (
    ("zh: 签收凭证 {tranche}：", "zh: 收下凭证 {tranche}："),
    ("en: Accept {tranche}: {face}", "en: Take {tranche}: {face}"),
    ("en=\"the voucher is {face} due {due}, {signed_face}", "en=\"it is {face} due {due}, {signed_face}"),
    ("    root: Id\n    payer: Org\n    payee: Org\n    face: Fen\n    issuer: Org\n",
     "    root: Id\n    payee: Org\n    payer: Org\n    face: Fen\n    issuer: Org\n"),
)  # fmt: skip
"""Another sentence for accepting, another wording of a refusal, another order of an event's values."""


def second_version():
    source = catalogue_source("voucher")
    for before, after in CHANGES:
        assert before in source, before
        source = source.replace(before, after)
    return source


@pytest.fixture
def upgraded(stage):
    """gamma accepts too much and is refused, then accepts; the contract is upgraded; beta passes some on to gamma."""
    accept = ("voucher", "accept")
    stage.refusal = stage.transaction("gamma", *accept, (stage.offered, 1, DUE))
    assert stage.apply([stage.refusal])[0].code == "VOU-018"
    stage.acceptance = stage.transaction("gamma", *accept, (stage.offered, 300_000 * YUAN, DUE))
    assert stage.apply([stage.acceptance])[0].status is Status.DONE
    stage.first = stage.interface("voucher").digest(stage.suite)
    proposal = stage.done("operator", "governance", "upload", "voucher", second_version(), 0)
    stage.done("supervisor", "governance", "approve", proposal)
    stage.later, _ = stage.pay("beta", stage.child, "gamma", 100_000 * YUAN)
    assert stage.interface("voucher").digest(stage.suite) != stage.first
    return stage


def lines_of(run, file):
    answer = run("evidence", "verify", str(file), "--json")
    assert answer["sound"]
    return [line["en"] for line in answer["lines"]]


def test_evidence_has_the_sentences_of_both_versions_and_the_chain_vouches_for_both(upgraded, run, tmp_path):
    file = tmp_path / "voucher.lgev"
    with serving(upgraded, None, None) as nodes:
        home_of(run.home, upgraded, nodes, "gamma")
        run("evidence", "export", str(file), "--voucher", upgraded.root.hex())
        run("evidence", "export", str(tmp_path / "refused.lgev"), "--transaction", upgraded.refusal.id.hex())
    lines = lines_of(run, file)
    accepted = [line for line in lines if "voucher.accept" in line]
    assert [("Accept" in line, "Take" in line) for line in accepted] == [(True, False)] * 3 + [(False, True)]
    assert all("(digest as signed)" in line for line in lines if ": transaction " in line)
    assert not [line for line in lines if "nothing vouches" in line]
    versions = [contract for contract, _ in Evidence.decode(file.read_bytes()).interfaces]
    assert versions.count("voucher") == 2
    [refusal] = [line for line in lines_of(run, tmp_path / "refused.lgev") if "refused VOU-018" in line]
    assert "the voucher is CNY 300,000.00 due" in refusal


def test_receipts_are_read_by_the_version_of_their_height(upgraded, run):
    later = upgraded.later
    with serving(upgraded, None, None) as nodes:
        home_of(run.home, upgraded, nodes, "gamma")
        old = run("receipt", upgraded.acceptance.id.hex(), "--json")
        told = run("receipt", upgraded.refusal.id.hex())
        session = Session(upgraded.genesis.encode(), [node.url for node in nodes])
        assert session.interface_at("voucher", old["height"]).digest(upgraded.suite) == upgraded.first
        session.close()
    [moved] = [event["values"] for event in old["events"] if event["event"] == "Moved"]
    assert (moved["payer"], moved["payee"]) == ("alpha", "gamma")
    assert "the voucher is CNY 300,000.00 due" in told
    assert upgraded.tranche(later).owner == "gamma"


def test_another_interface_than_the_one_that_was_signed_is_not_taken(upgraded):
    other = base64.b64encode(upgraded.interface("voucher").encode()).decode()

    def lie(path, answer):
        return {**answer, "interface": other} if path.startswith("/interfaces/") else answer

    with serving(upgraded, lie, None) as nodes:
        session = Session(upgraded.genesis.encode(), [node.url for node in nodes])
        found = session.client.registry.signed_under("voucher", upgraded.first)
        assert found.digest(upgraded.suite) == upgraded.first
        assert [complaint.node for complaint in session.client.complaints] == [nodes[0].url]
        with pytest.raises(Refused) as unknown:
            session.client.registry.signed_under("voucher", bytes(32))
        session.close()
    assert unknown.value.code == "RPC-004"


def test_an_act_that_waited_for_its_checker_is_shown_as_its_maker_signed_it(stage, run):
    big = stage.issue("alpha", CHECKED_FROM_FEN + YUAN, stage.line(20_000_000 * YUAN))
    stage.done("alpha", "membership", "enrol", stage.key("checker"), ("check",))
    stage.done("alpha", "voucher", "offer", big, "beta", CHECKED_FROM_FEN, stage.today + 5, bytes(32), DUE)
    source = second_version().replace("en: Offer", "en: Hand over")
    proposal = stage.done("operator", "governance", "upload", "voucher", source, 0)
    stage.done("supervisor", "governance", "approve", proposal)
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        shown = json.dumps(run("pending", "list", "--json"))
    assert "the contract was upgraded" in shown
    assert "Hand over" not in shown
