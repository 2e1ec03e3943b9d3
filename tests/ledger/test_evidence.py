"""Evidence files: an honest one is proven from the genesis alone, and whatever is changed in one is named.

The forgeries change each field of the file in turn; the verifier has no way to know which one it will be.
"""

import dataclasses

import pytest

from ledger.codec import encode, load
from ledger.errors import Refused
from ledger.evidence import Evidence, Item, ItemKind, header_row, receipt_item, transaction_item, value_item
from ledger.interface import Interface
from ledger.receipt import Status
from ledger.summary import summarise
from ledger.verdict import judge
from ledger.wording import Name, Reader
from tests.ledger.toy_chain import SUITE, VOUCHER, ToyChain, moved, receipt_of, secret, signed, toy_genesis

TRANCHE = bytes(33) + b"\1"
ARGS = (TRANCHE, "hongda", 100_000_000, 19_178)


def names_of(chain: ToyChain):
    return {m.organisation: Name(m.name_zh, m.name_en, m.credit_code) for m in chain.genesis.members}


def offer(chain: ToyChain, language="zh"):
    _, summary = summarise(SUITE, Reader(VOUCHER, names_of(chain), language), "offer", ARGS)
    return signed(chain, "admin operator", "voucher.offer", ARGS, summary)


def story(genesis=None, change=False):
    """Two tranches, one executed offer at height 2, one refused at height 3, then a few heights on top."""
    chain = ToyChain(genesis or toy_genesis())
    done, refused = offer(chain), offer(chain, "en")
    keys = [chain.write("voucher", "tranches", (bytes(33) + bytes([n]),), ("hongda", 100 * n)) for n in (1, 2, 3)]
    chain.block((done, receipt_of(2, 0, done, events=(moved(TRANCHE, "hongda", 100),))))
    numbers = (("asked", 150), ("free", 100))
    chain.block((refused, receipt_of(3, 0, refused, status=Status.REFUSED, code="VOU-007", numbers=numbers)))
    if change:
        chain.change_to([f"validator {i}" for i in (1, 2, 3, 5)])
    for _ in range(5):
        chain.block()
    return chain, keys, done, refused


def pack(chain: ToyChain, keys, under=None) -> Evidence:
    under = under or chain.height
    gone = chain.key_of("voucher", "tranches", (bytes(33) + b"\x09",))
    items = [
        transaction_item(2, chain.blocks[2].transactions[0].wire, chain.transaction_path(2, 0)),
        receipt_item(2, chain.blocks[2].receipts[0], chain.receipt_path(2, 0)),
        *(value_item(under, where, *chain.state_proof(where, under)) for where in keys),
        value_item(under, gone, *chain.state_proof(gone, under)),
        transaction_item(3, chain.blocks[3].transactions[0].wire, chain.transaction_path(3, 0)),
        receipt_item(3, chain.blocks[3].receipts[0], chain.receipt_path(3, 0)),
    ]
    headers = [
        header_row(block.header, block.state_root, block.receipts_root, chain.history_path(height, under))
        for height, block in chain.blocks.items()
        if height in (2, 3, under)
    ]
    history = tuple(
        (height, rows.to_value(), chain.blocks[height].certificate.to_value()) for height, rows in chain.changes
    )
    return Evidence(
        chain.chain, history, chain.blocks[under].certificate.to_value(), tuple(headers), tuple(items),
        (("voucher", VOUCHER.encode()),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def honest():
    chain, keys, *_ = story()
    return chain, pack(chain, keys)


def verdict_of(chain: ToyChain, evidence: Evidence):
    return judge(SUITE, chain.file, evidence.encode())


def failing(chain, evidence):
    verdict, _, _ = verdict_of(chain, evidence)
    return [(line.part, line.number) for line in verdict.lines if not line.ok]


def test_an_honest_file_is_proven_and_says_what_it_proves(honest):
    chain, evidence = honest
    verdict, found, _ = verdict_of(chain, evidence)
    assert verdict.is_sound
    assert (verdict.height, verdict.tolerance, len(found.signers)) == (8, "bft", 3)
    english = "\n".join(line.en for line in verdict.lines)
    assert "Offer CNY 1,000,000.00 to Hongda (hongda, credit code ending 37341L), open until 2022-07-05" in english
    assert "(digest as signed)" in english
    assert "refused VOU-007 (CNY 1.50 asked, CNY 1.00 free)" in english
    assert "voucher.tranches 000000000000.2: owner Hongda (hongda, credit code ending 37341L), face CNY 2.00" in english
    assert "voucher.tranches 000000000000.9 does not exist" in english
    chinese = "\n".join(line.zh for line in verdict.lines)
    assert "宏达建材（hongda，统一社会信用代码尾号 37341L）" in chinese
    assert "壹佰万元整" in chinese


def test_the_form_survives_its_bytes(honest):
    _, evidence = honest
    assert Evidence.decode(evidence.encode()) == evidence


@pytest.mark.parametrize("number", [3, 4, 5])
def test_a_changed_figure_is_named(honest, number):
    chain, evidence = honest
    items = list(evidence.items)
    item = items[number - 1]
    items[number - 1] = item._replace(content=(item.content[0], encode(("hongda", 1_234_567))))
    verdict, _, _ = verdict_of(chain, dataclasses.replace(evidence, items=tuple(items)))
    [line] = [line for line in verdict.lines if not line.ok]
    assert (line.part, line.number) == ("item", number)
    assert f"item {number} (voucher.tranches 000000000000.{number - 2}: owner" in line.en
    assert "face CNY 12,345.67" in line.en
    assert "面额 人民币 12,345.67 元" in line.zh
    assert "another value" in line.en


NO_CLAIMS = (0, None, "key", b"", (), (b"key", 5), (5, b"value"), (b"key",), (b"key", None, b"value"), b"\0" * 600)


@pytest.mark.parametrize("kind", ItemKind)
@pytest.mark.parametrize("content", NO_CLAIMS)
def test_content_of_any_form_is_an_unreadable_item_and_no_crash(honest, kind, content):
    chain, evidence = honest
    items = (*evidence.items[:2], evidence.items[2]._replace(kind=kind, content=content), *evidence.items[3:])
    verdict, _, _ = verdict_of(chain, dataclasses.replace(evidence, items=items))
    [line] = [line for line in verdict.lines if not line.ok]
    assert (line.part, line.number) == ("item", 3)


def replaced(value, path, change):
    """`value` with the part at `path` (indices) changed."""
    if not path:
        return change(value)
    place, *rest = path
    return (*value[:place], replaced(value[place], rest, change), *value[place + 1 :])


def other(value):
    if type(value) is bytes:
        return bytes([value[0] ^ 1]) + value[1:] if value else b"\1"
    if type(value) is int:
        return value + 1
    if type(value) is str:
        return value + "x"
    return (value, value) if value is not None else 1


def leaves(value, path=()):
    if type(value) is tuple and value:
        for place, entry in enumerate(value):
            yield from leaves(entry, (*path, place))
    else:
        yield path


def test_every_single_field_of_the_file_is_proven(honest):
    """Each leaf of the whole file changed in turn: none may pass unnoticed."""
    chain, evidence = honest
    whole = load(evidence.encode())
    without_interfaces = whole[:-1]
    unnoticed, count = [], 0
    for path in leaves(without_interfaces):
        count += 1
        forged = encode((*replaced(without_interfaces, path, other), whole[-1]))
        try:
            verdict, _, _ = judge(SUITE, chain.file, forged)
        except Refused:
            continue
        if verdict.is_sound:
            unnoticed.append(path)
    assert unnoticed == []
    assert count > 150


def test_a_header_that_nothing_needs_may_not_be_false_either(honest):
    chain, evidence = honest
    row = evidence.headers[0]._replace(path=None)
    assert ("header", 1) in failing(chain, dataclasses.replace(evidence, headers=(row, *evidence.headers[1:])))


def test_an_item_without_its_header_is_not_proven(honest):
    chain, evidence = honest
    headers = tuple(row for row in evidence.headers if row.height != 3)
    assert failing(chain, dataclasses.replace(evidence, headers=headers)) == [("item", 7), ("item", 8)]


def test_presence_cannot_be_turned_into_absence(honest):
    chain, evidence = honest
    items = list(evidence.items)
    full_key = items[2].content[0]
    items[2] = Item(ItemKind.ABSENT, items[2].height, full_key, items[2].path)
    assert failing(chain, dataclasses.replace(evidence, items=tuple(items))) == [("item", 3)]


def test_another_chains_file_proves_nothing(honest):
    _, evidence = honest
    stranger = ToyChain(dataclasses.replace(toy_genesis(), name="stranger"))
    assert failing(stranger, evidence) == [("chain", 1)]
    assert failing(stranger, dataclasses.replace(evidence, chain=stranger.chain)) == [("certificate", 1)]


def test_too_few_signatures_certify_nothing():
    chain, keys, *_ = story()
    block = chain.blocks[8]
    chain.history = block.history
    thin = chain.certify(block.header, block.state_root, block.receipts_root, [0, 2])
    evidence = dataclasses.replace(pack(chain, keys), certificate=thin.to_value())
    verdict, _, _ = verdict_of(chain, evidence)
    [line] = verdict.lines
    assert (line.ok, line.part) == (False, "certificate")
    assert "3 needed" in line.en


def test_a_signature_on_other_bytes_is_named_in_the_item(honest):
    chain, evidence = honest
    wire = bytearray(evidence.items[0].content)
    wire[-2] ^= 1
    items = (evidence.items[0]._replace(content=bytes(wire)), *evidence.items[1:])
    [(part, number)] = failing(chain, dataclasses.replace(evidence, items=items))
    assert (part, number) == ("item", 1)


def test_a_change_of_validators_is_followed():
    chain, keys, *_ = story(change=True)
    assert chain.changes[0][0] == 4
    evidence = pack(chain, keys)
    verdict, _, _ = verdict_of(chain, evidence)
    assert verdict.is_sound
    assert "1 change of the validators" in verdict.lines[0].en
    assert failing(chain, dataclasses.replace(evidence, history=())) == [("certificate", 1)]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_forged_change_of_validators_is_named(place):
    chain, keys, *_ = story(change=True)
    evidence = pack(chain, keys)
    entry = list(evidence.history[0])
    strangers = tuple(sorted((SUITE.public_key(secret(f"stranger {i}")), "bank") for i in range(4)))
    entry[place] = (5, strangers, chain.blocks[5].certificate.to_value())[place]
    assert failing(chain, dataclasses.replace(evidence, history=(tuple(entry),))) == [("validators", 1)]


def test_retired_validators_certify_nothing_later():
    chain, keys, *_ = story(change=True)
    block = chain.blocks[8]
    chain.history, chain.sets = block.history, chain.sets[:1]
    late = chain.certify(block.header, block.state_root, block.receipts_root)
    evidence = dataclasses.replace(pack(chain, keys), certificate=late.to_value())
    assert failing(chain, evidence) == [("certificate", 1)]


def test_a_sentence_that_was_not_signed_is_named():
    chain, keys, *_ = story()
    action = dataclasses.replace(VOUCHER.actions[0], en="Give {face} to {payee}", zh="送 {payee} {face}")
    forged = dataclasses.replace(VOUCHER, actions=(action, *VOUCHER.actions[1:]))
    # The transaction names the true interface's digest, so a forged one is simply not its interface.
    evidence = dataclasses.replace(pack(chain, keys), interfaces=(("voucher", forged.encode()),))
    verdict, _, _ = verdict_of(chain, evidence)
    english = "\n".join(line.en for line in verdict.lines)
    assert "its interface is not in the file" in english
    assert "nothing vouches for the labels of contract voucher" in english


def test_a_signer_who_was_shown_another_sentence_is_named():
    chain = ToyChain()
    _, summary = summarise(SUITE, Reader(VOUCHER, names_of(chain), "zh"), "offer", (*ARGS[:2], 100, ARGS[3]))
    lied_to = signed(chain, "admin operator", "voucher.offer", ARGS, summary)
    chain.block((lied_to, receipt_of(2, 0, lied_to)))
    block = chain.blocks[2]
    evidence = Evidence(
        chain.chain, (), block.certificate.to_value(),
        (header_row(block.header, block.state_root, block.receipts_root, None),),
        (transaction_item(2, lied_to.wire, chain.transaction_path(2, 0)),), (("voucher", VOUCHER.encode()),),
    )  # fmt: skip
    verdict, _, _ = verdict_of(chain, evidence)
    [line] = [line for line in verdict.lines if not line.ok]
    assert (line.part, line.number) == ("transaction", 1)
    assert "another sentence" in line.en


def test_an_interface_under_a_false_name_is_refused(honest):
    chain, evidence = honest
    assert ("interface", 1) in failing(
        chain, dataclasses.replace(evidence, interfaces=(("membership", VOUCHER.encode()),))
    )
    assert Interface.decode(VOUCHER.encode()) == VOUCHER


def test_crash_tolerance_and_the_test_clock_are_shown():
    chain, keys, *_ = story(toy_genesis(engine="raft", validators=3, test_clock=True))
    verdict, _, _ = verdict_of(chain, pack(chain, keys))
    assert verdict.is_sound
    assert (verdict.tolerance, verdict.test_clock) == ("cft", True)
    assert any("cft" in line.zh for line in verdict.lines)
    assert any("TEST CLOCK" in line.zh and "TEST CLOCK" in line.en for line in verdict.lines)


@pytest.mark.parametrize("data", [b"", b"\x80", encode(("lugang-evidence", 1)), encode(("lugang-genesis", 1))])
def test_what_is_no_evidence_file_is_refused(honest, data):
    chain, _ = honest
    with pytest.raises(Refused):
        judge(SUITE, chain.file, data)
