"""A client among honest and lying nodes, over real sockets: a lie is caught, named, and another node asked."""

import base64
import contextlib
import dataclasses

import pytest

from ledger.codec import encode, load
from ledger.errors import Refused
from ledger.receipt import Status
from ledger.summary import summarise
from ledger.wording import Name, Reader
from tests.ledger.toy_chain import SUITE, VOUCHER, ToyChain, key, receipt_of, secret, signed, toy_genesis
from tests.wallet.lying_node import LyingNode, b64
from wallet.builder import Signer
from wallet.client import Client
from wallet.session import Session

IDS = [bytes(33) + bytes([n]) for n in range(4)]


def toy():
    chain = ToyChain(toy_genesis())
    for n, identifier in enumerate(IDS):
        chain.write("voucher", "tranches", (identifier,), ("hongda", 100 * (n + 1)))
    chain.block()
    names = {m.organisation: Name(m.name_zh, m.name_en, m.credit_code) for m in chain.genesis.members}
    _, summary = summarise(SUITE, Reader(VOUCHER, names, "zh"), "accept", (IDS[1],))
    transaction = signed(chain, "admin hongda", "voucher.accept", (IDS[1],), summary)
    chain.block((transaction, receipt_of(chain.height + 1, 0, transaction)))
    chain.block()
    return chain, transaction


@contextlib.contextmanager
def nodes(chain, *lies):
    with contextlib.ExitStack() as stack:
        found = [
            stack.enter_context(LyingNode(chain, validator=f"validator {i}", lie=lie)) for i, lie in enumerate(lies)
        ]
        for node in found:
            node.views = {("voucher", "held_by"): lambda owner: tuple(IDS) if owner == "hongda" else ()}
        yield found


@contextlib.contextmanager
def client_of(chain, *lies, **options):
    with nodes(chain, *lies) as found:
        client = Client(chain.file, [node.url for node in found], **options)
        try:
            yield client, found
        finally:
            client.close()


def test_values_present_and_absent_are_proven():
    chain, _ = toy()
    where = [chain.key_of("voucher", "tranches", (identifier,)) for identifier in (IDS[2], bytes(33) + b"\x09")]
    with client_of(chain, None) as (client, _):
        proven = client.states(where)
    assert proven.height == chain.height
    assert [None if value is None else load(value) for value in proven.values.values()] == [("hongda", 300), None]
    assert len(client.trust.signers(proven.certificate)) == 3


def swap(where, change):
    """A lie about one field of the answers whose path begins with `where`."""

    def lie(path, answer):
        if path.startswith(where) and isinstance(answer, dict | list):
            change(answer)
        return answer

    return lie


def other_value(answer):
    answer["values"][0]["value"] = b64(encode(("hongda", 999_999)))


def no_value(answer):
    answer["values"][0]["value"] = None


def other_key(answer):
    answer["values"][0]["full_key"] = "00" * 37


def broken_proof(answer):
    proof = bytearray(base64.b64decode(answer["values"][0]["proof"]))
    proof[-1] ^= 1
    answer["values"][0]["proof"] = b64(bytes(proof))


def broken_certificate(answer):
    certificate = bytearray(base64.b64decode(answer["certificate"]))
    certificate[-1] ^= 1
    answer["certificate"] = b64(bytes(certificate))


def nothing_at_all(answer):
    answer.clear()


@pytest.mark.parametrize(
    "lie",
    [other_value, no_value, other_key, broken_proof, broken_certificate, nothing_at_all],
    ids=lambda f: f.__name__,
)
def test_a_lie_about_a_value_is_caught_and_another_node_asked(lie):
    chain, _ = toy()
    where = chain.key_of("voucher", "tranches", (IDS[0],))
    with client_of(chain, swap("/states", lie), None) as (client, (liar, honest)):
        proven = client.states([where])
        assert load(proven.values[where]) == ("hongda", 100)
        [complaint] = client.complaints
        assert complaint.node == liar.url
        # From now on the honest one is asked first.
        assert client.nodes[0].url == honest.url


def test_where_every_node_lies_the_caller_hears_of_it():
    chain, _ = toy()
    where = chain.key_of("voucher", "tranches", (IDS[0],))
    with client_of(chain, swap("/states", other_value)) as (client, (liar,)), pytest.raises(Refused) as caught:
        client.states([where])
    assert caught.value.code == "WAL-030"
    assert caught.value.text("en").startswith(f"the answer of node {liar.url} is not proven: value ")


def test_where_no_node_answers_the_caller_hears_of_that():
    chain, _ = toy()
    with client_of(chain, lambda path, answer: None) as (client, _), pytest.raises(Refused) as caught:
        client.level(1)
    assert caught.value.code == "WAL-020"


def test_a_receipt_is_proven_under_a_later_certificate():
    chain, transaction = toy()
    with client_of(chain, None) as (client, _):
        proven = client.receipts([transaction.id])[transaction.id]
    assert (proven.receipt.status, proven.receipt.height) == (Status.DONE, 3)
    assert proven.level.path is not None


def other_receipt(answer):
    if answer[0].get("receipt"):
        fields = list(load(base64.b64decode(answer[0]["receipt"])))
        fields[5], fields[6] = 1, "VOU-007"
        answer[0]["receipt"] = b64(encode(tuple(fields)))


def another_transactions_receipt(answer):
    answer[0]["id"] = "00" * 32


def unproven(answer):
    answer[0].pop("proof", None)


@pytest.mark.parametrize(
    "lie", [other_receipt, another_transactions_receipt, unproven], ids=lambda function: function.__name__
)
def test_a_lie_about_a_receipt_is_caught(lie):
    chain, transaction = toy()
    with client_of(chain, swap("/receipts", lie), None) as (client, (liar, _)):
        assert client.receipts([transaction.id])[transaction.id].receipt.status is Status.DONE
        assert [complaint.node for complaint in client.complaints] == [liar.url]


def test_a_denied_fact_is_asked_of_as_many_nodes_as_may_lie():
    """A refusal by one node is no proof; with n = 4 it takes two."""
    chain, _ = toy()

    def deny(path, answer):
        return b"not json at all" if path.startswith("/contracts") else answer

    with client_of(chain, deny, None, None) as (client, (liar, *_)):
        digest, interface = client.interface("voucher")
        assert (digest, interface) == (VOUCHER.digest(SUITE), VOUCHER)
        assert [complaint.node for complaint in client.complaints] == [liar.url]


def test_a_false_interface_finds_no_second_voice():
    chain, _ = toy()
    action = dataclasses.replace(VOUCHER.actions[0], zh="收款 {face}", en="Receive {face}")
    false = dataclasses.replace(VOUCHER, actions=(action, *VOUCHER.actions[1:]))

    def lie(answer):
        answer["interface"], answer["interface_digest"] = b64(false.encode()), false.digest(SUITE).hex()

    with client_of(chain, swap("/contracts/voucher", lie), None, None) as (client, _):
        assert client.interface("voucher")[1] == VOUCHER
    with client_of(chain, swap("/contracts/voucher", lie), None) as (client, _), pytest.raises(Refused) as caught:
        client.interface("voucher")
    assert caught.value.code == "WAL-022"


def test_a_builtin_contract_cannot_be_given_another_number():
    chain, _ = toy()
    with client_of(chain, swap("/contracts/voucher", lambda answer: answer.update(number=1)), None, None) as (
        client,
        _,
    ):
        assert client.contract_number("voucher") == 2
        assert "number 2, not 1" in client.complaints[0].detail


def test_a_list_counts_when_enough_nodes_agree_at_one_height():
    chain, _ = toy()
    with client_of(chain, None, None, None) as (client, found):
        agreed = client.view("voucher", "held_by", ("hongda",))
    assert agreed.result == tuple(IDS)
    assert (agreed.height, agreed.needed, agreed.is_certain) == (chain.height, 2, True)
    assert agreed.nodes == (found[0].url, found[1].url)


def test_a_list_with_a_row_left_out_is_outvoted_and_named():
    chain, _ = toy()

    def shorter(answer):
        rows = load(base64.b64decode(answer["result"]))
        answer["result"] = b64(encode(rows[:-1]))

    with client_of(chain, swap("/views", shorter), None, None) as (client, (liar, *honest)):
        agreed = client.view("voucher", "held_by", ("hongda",))
        assert agreed.result == tuple(IDS)
        assert agreed.nodes == tuple(node.url for node in honest)
        assert [complaint.node for complaint in client.complaints] == [liar.url]


def test_a_single_node_leaves_the_completeness_open():
    chain, _ = toy()
    with client_of(chain, None) as (client, (only,)):
        agreed = client.view("voucher", "held_by", ("hongda",))
    assert (agreed.is_certain, agreed.nodes, agreed.needed) == (False, (only.url,), 2)


def test_a_stale_node_is_not_believed_once_more_was_seen():
    chain, _ = toy()
    where = chain.key_of("voucher", "tranches", (IDS[0],))
    with client_of(chain, None, None) as (client, (old, _)):
        assert client.states([where]).height == 4
        chain.write("voucher", "tranches", (IDS[0],), ("bank", 100))
        chain.block()
        old.behind = 2
        client.level(5, 5)
        proven = client.states([where])
        assert (proven.height, load(proven.values[where])) == (5, ("bank", 100))


def test_the_pin_refuses_another_history_signed_by_the_same_validators():
    chain, _ = toy()
    with client_of(chain, None) as (client, _):
        client.level(1)
        pin = client.trust.save()
    fork = ToyChain(chain.genesis)
    for _ in range(6):
        fork.block()
    with client_of(fork, None, pin=pin) as (client, _), pytest.raises(Refused) as caught:
        client.level(1)
    assert caught.value.code == "WAL-030"
    assert "does not contain the height 4" in caught.value.text("en")
    chain.block()
    with client_of(chain, None, pin=pin) as (client, _):
        assert client.level(1).height == 1


def test_a_change_of_validators_is_learnt_from_any_node_and_kept():
    chain, _ = toy()
    chain.change_to([f"validator {i}" for i in (1, 2, 3, 5)])
    for _ in range(5):
        chain.block()
    with client_of(chain, None) as (client, (node,)):
        assert client.level(2).height == 2
        assert "/validators" in node.asked
        pin = client.trust.save()
    with client_of(chain, None, pin=pin) as (client, (node,)):
        assert client.level(2).height == 2
        assert "/validators" not in node.asked


def test_freshness_names_the_validators_that_signed_our_nonce():
    chain, _ = toy()

    def replayed(answer):
        answer["signature"] = "00" * 64

    with client_of(chain, None, None, swap("/freshness", replayed)) as (client, (_, _, liar)):
        height, organisations = client.freshness()
        assert (height, organisations) == (4, ["operator", "hongda"])
        assert [complaint.node for complaint in client.complaints] == [liar.url]


def test_a_call_is_drafted_signed_sent_and_seen_final():
    chain, _ = toy()
    signer = Signer(SUITE, secret("admin hongda"), "hongda")
    with nodes(chain, None, None) as found:
        session = Session(chain.file, [node.url for node in found], language="en", now_ms=lambda: 1_656_950_400_000)
        draft = session.draft("voucher", "offer", (IDS[0], "bank", 50, 19_178), [signer.key])
        assert draft.sentence.startswith("Offer CNY 0.50 to Bank (bank, credit code ending 61136T)")
        outcome = session.call(signer, "voucher", "offer", (IDS[0], "bank", 50, 19_178))
        assert (outcome.refused, outcome.receipt.height) == (None, 5)
        numbers = (("asked", 5000), ("free", 100))
        found[0].outcome = {"status": Status.REFUSED, "code": "VOU-007", "numbers": numbers}
        refused = session.call(signer, "voucher", "offer", (IDS[0], "bank", 5000, 19_178)).refused
        session.close()
    assert refused is not None
    assert str(refused) == "VOU-007 CNY 50.00 asked, CNY 1.00 free"
    assert refused.text("zh") == "要约人民币 50.00 元（大写：伍拾元整），可用人民币 1.00 元（大写：壹元整）"


def test_what_an_upgraded_contract_has_refused_is_drafted_from_its_new_interface():
    chain, _ = toy()
    signer = Signer(SUITE, secret("admin hongda"), "hongda")
    with nodes(chain, None, None) as found:
        session = Session(chain.file, [node.url for node in found], language="en", now_ms=lambda: 1_656_950_400_000)
        assert session.interface("voucher") == VOUCHER
        chain.interfaces["voucher"] = upgraded = dataclasses.replace(VOUCHER, en="vouchers, second version")
        assert session.interface("voucher") == VOUCHER
        numbers = (("signed", "00"), ("current", "11"))
        found[0].outcome = {"status": Status.REFUSED, "code": "TX-012", "numbers": numbers}
        refused = session.call(signer, "voucher", "offer", (IDS[0], "bank", 50, 19_178)).refused
        assert refused is not None
        assert refused.code == "TX-012"
        assert session.interface("voucher") == upgraded
        session.close()


def test_what_stays_unseen_is_reported_with_its_state():
    chain, _ = toy()
    signer = Signer(SUITE, secret("admin hongda"), "hongda")
    with nodes(chain, None) as (node,):
        node.run = None
        session = Session(chain.file, [node.url], language="en")
        with pytest.raises(Refused) as caught:
            session.call(signer, "voucher", "accept", (IDS[0],), seconds=0.2)
        session.close()
    assert caught.value.code == "WAL-021"
    assert dict(caught.value.numbers)["state"] == "accepted"


def test_too_few_nodes_are_named_as_the_reason_why_nothing_becomes_final():
    chain, _ = toy()
    signer = Signer(SUITE, secret("admin hongda"), "hongda")
    with nodes(chain, None) as (node,):
        node.run, node.peers_connected = None, 1
        session = Session(chain.file, [node.url], language="en")
        with pytest.raises(Refused) as caught:
            session.call(signer, "voucher", "accept", (IDS[0],), seconds=0.2)
        session.close()
    assert caught.value.code == "WAL-033"
    assert "too few nodes are linked, 2 of 3 needed" in caught.value.text("en")


def test_rows_are_proven_and_read_by_the_interface():
    chain, _ = toy()
    with nodes(chain, None, None) as found:
        session = Session(chain.file, [node.url for node in found], language="zh")
        [row] = session.context("voucher", "offer", (IDS[3], "bank", 1, 1))
        assert row.fields == {"owner": "hongda", "face": 400}
        assert session.show_row(row) == [
            ("持有人", "宏达建材（hongda，统一社会信用代码尾号 37341L）"),
            ("面额", "人民币 4.00 元（大写：肆元整）"),
        ]
        session.close()
    assert key("admin hongda") == chain.genesis.members[1].administrator
