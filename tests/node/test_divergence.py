"""One node computes something else for one transaction: it stops, says where, and overwrites nothing (T31, T51)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trio

from consensus.messages import GetOutcome, Outcome, PeerId, PeerMessage
from ledger.codec import encode
from ledger.receipt import Receipt
from node.config import ConfigError
from node.divergence import ANSWER_EVERY_MS, Divergence, RecentWrites
from node.layout import SignAgain
from node.rebuild import rebuild_database
from tests.node.chain_on_disk import ChainOnDisk
from tests.node.cluster import PATIENCE_SECONDS, Cluster, running_cluster
from tests.node.support import SUITE, NotesMachine, make_genesis, notes_machine

ODD = "odd"
PEER = PeerId(b"peer")


class OtherMachine(NotesMachine):
    """Writes another value for notes that say ODD."""

    def apply(self, header, transactions, misbehaviour):
        done = super().apply(header, transactions, misbehaviour)
        state = dict(done.state)
        for transaction in transactions:
            if transaction.body.args == (ODD,):
                state[b"\x00\x01\x01" + transaction.id] = encode((header.height, ("something else",)))
        return replace(done, state=state)


class OtherReceiptsMachine(OtherMachine):
    """And says in the receipt that it took more steps."""

    def _receipt(self, height, index, transaction):
        encoded = super()._receipt(height, index, transaction)
        if transaction is None or transaction.body.args != (ODD,):
            return encoded
        receipt = Receipt.decode(encoded)
        return replace(receipt, budget_used=receipt.budget_used + 1).encode()


def other_machine(store, genesis, suite):
    return OtherMachine(genesis)


def other_receipts_machine(store, genesis, suite):
    return OtherReceiptsMachine(genesis)


async def wait_named(cluster: Cluster, index: int, what: str) -> str:
    status = cluster.nodes[index].board.ordering
    with trio.fail_after(PATIENCE_SECONDS):
        await status.wait_for(lambda seen: seen.mode == "halted" and what in (seen.reason or ""))
    return status.value.reason or ""


@pytest.mark.parametrize("machine", [other_machine, other_receipts_machine])
async def test_the_node_that_differs_stops_and_names_transaction_and_key(tmp_path, caplog, machine):
    async with running_cluster(tmp_path, machines={3: machine}) as cluster:
        odd = cluster.transaction(ODD)
        plain = [cluster.transaction(str(number)) for number in range(3)]
        await cluster.submit(0, *plain[:2], odd, plain[2])
        key = (b"\x00\x01\x01" + odd.id).hex()
        reason = await wait_named(cluster, 3, f"first state key that differs, as a peer says: {key} own ")
        named = f"transaction {odd.id.hex()}" in reason
        assert named == ("receipts_root" in reason) == (machine is other_receipts_machine)
        assert "state_root own " in reason
        assert reason in caplog.text
        stopped = cluster.nodes.pop(3)

        # The four others go on; what this node has computed stays as it is.
        last = cluster.transaction("last")
        await cluster.submit(0, last)
        await cluster.wait_final(odd, *plain, last)
        store = stopped.opened.store
        place = store.place_of(odd.id)
        assert place is not None
        height = place.height
        certificate = cluster.nodes[0].reads.certificate(height)
        own = store.checkpoint(height)
        assert own is not None
        assert certificate is not None
        assert own.state_root != certificate.checkpoint.state_root
        assert store.certificate(height) is None
        assert store.certified < height


@pytest.mark.parametrize("is_cured", [True, False])
async def test_a_corrected_node_rebuilds_and_takes_part_again(tmp_path, is_cured):
    """By the blocks, and from before what its guard has signed wrongly. Without the correction it stops again."""
    async with running_cluster(tmp_path, machines={3: other_machine}) as cluster:
        odd = cluster.transaction(ODD)
        await cluster.submit(0, odd)
        await wait_named(cluster, 3, "state_root own ")
        await cluster.stop(3)
        config, machine = cluster.configs[3], notes_machine if is_cured else other_machine
        await trio.to_thread.run_sync(rebuild_database, config, machine, lambda *_: None)
        config.guard.rename(config.guard.with_name("guard.aside"))
        config.wal.rename(config.wal.with_name("wal.aside"))
        cluster.machines[3] = machine
        status = (await cluster.start(3)).board.ordering
        with trio.fail_after(PATIENCE_SECONDS):
            await status.wait_for(lambda seen: seen.mode == ("voting" if is_cured else "halted"))
        if is_cured:
            await cluster.submit(3, last := cluster.transaction("last"))
            await cluster.wait_final(odd, last)
            place = cluster.nodes[3].opened.store.place_of(odd.id)
            assert place is not None
            checkpoints = [node.opened.store.checkpoint(place.height) for node in cluster.nodes.values()]
            assert len({checkpoint.state_root for checkpoint in checkpoints if checkpoint is not None}) == 1
            assert None not in checkpoints


async def test_when_no_result_can_reach_a_quorum_all_stop_and_name_it(tmp_path):
    async with running_cluster(tmp_path, machines=dict.fromkeys((3, 4), other_receipts_machine)) as cluster:
        odd = cluster.transaction(ODD)
        await cluster.submit(0, odd)
        for index in range(5):
            reason = await wait_named(cluster, index, f"transaction {odd.id.hex()}")
            assert "no result can reach a quorum" in reason
        heights = {node.opened.store.certified for node in cluster.nodes.values()}
        place = cluster.nodes[0].opened.store.place_of(odd.id)
        assert place is not None
        assert max(heights) < place.height


@pytest.mark.parametrize("is_ordered", [True, False])
async def test_after_no_quorum_all_rebuild_with_the_corrected_program_and_sign_again(tmp_path, is_ordered):
    """By the members' agreement, as the next attempt. Without the order the guard stops who would contradict itself."""
    async with running_cluster(tmp_path, machines=dict.fromkeys((3, 4), other_receipts_machine)) as cluster:
        before, odd = cluster.transaction("before"), cluster.transaction(ODD)
        await cluster.submit(0, before)
        await cluster.wait_final(before)
        await cluster.submit(0, odd)
        for index in range(5):
            assert "no result can reach a quorum" in await wait_named(cluster, index, "no result")
        place = cluster.nodes[0].opened.store.place_of(odd.id)
        assert place is not None
        for index in range(5):
            await cluster.stop(index)
        again = SignAgain(place.height, 1) if is_ordered else None
        results: set[tuple[int, bytes]] = set()
        for config in cluster.configs:
            rebuilt = await trio.to_thread.run_sync(rebuild_database, config, notes_machine, lambda *_: None, again)
            results.update(rebuilt.results[:1])
        assert len(results) == int(is_ordered)
        cluster.machines.clear()
        for index in range(5):
            await cluster.start(index)
        if not is_ordered:
            assert "another checkpoint" in await wait_named(cluster, 4, "was signed before")
            return
        await cluster.submit(1, last := cluster.transaction("last"))
        await cluster.wait_final(before, odd, last)
        assert {node.board.ordering.value.mode for node in cluster.nodes.values()} == {"voting"}
        certificate = cluster.nodes[0].opened.store.certificate_from(place.height)
        assert certificate is not None
        assert certificate.checkpoint.attempt == 1

        # Who comes later, without the order, executes the height once and agrees with what was certified of it.
        await cluster.stop(2)
        config = cluster.configs[2]
        config.database.rename(config.database.with_name("db.lost"))
        await cluster.start(2)
        await cluster.submit(2, late := cluster.transaction("late"))
        await cluster.wait_final(before, odd, last, late)
        own = cluster.nodes[2].opened.store.checkpoint(place.height)
        signed = cluster.nodes[0].opened.store.checkpoint(place.height)
        assert own is not None
        assert signed is not None
        assert (own.attempt, signed.attempt) == (0, 1)
        assert own.agrees_with(signed)
        assert cluster.nodes[2].board.ordering.value.mode != "halted"


async def test_what_is_certified_or_yet_to_come_is_not_signed_again(tmp_path):
    async with running_cluster(tmp_path, 4) as cluster:
        await cluster.submit(0, done := cluster.transaction("done"))
        await cluster.wait_final(done)
        await cluster.stop(0)
        config = cluster.configs[0]
        before = sorted(path.name for path in config.database.parent.iterdir())
        for height, why in ((1, "height 1 is certified"), (99, "height 99 is yet to come")):
            order = SignAgain(height, 1)
            with pytest.raises(ConfigError, match=why):
                await trio.to_thread.run_sync(rebuild_database, config, notes_machine, lambda *_: None, order)
        # The database is where it was.
        assert set(before) <= {path.name for path in config.database.parent.iterdir()}
        await cluster.start(0)
        await cluster.submit(0, last := cluster.transaction("last"))
        await cluster.wait_final(last)


async def test_answers_that_prove_nothing_are_not_believed(tmp_path):
    chain = ChainOnDisk(tmp_path, make_genesis())
    await chain.apply(chain.transaction())
    own = chain.store.checkpoint(1)
    assert own is not None
    writes = RecentWrites()
    sent: list[tuple[PeerId | None, PeerMessage]] = []
    writes.keep(1, [(b"b", bytes(32)), (b"a", None)])
    divergence = Divergence(chain.store, SUITE, writes, lambda to, message: sent.append((to, message)))

    divergence.on_question(PEER, GetOutcome(1), 0)
    divergence.on_question(PEER, GetOutcome(1), ANSWER_EVERY_MS - 1)
    divergence.on_question(PEER, GetOutcome(2), 2 * ANSWER_EVERY_MS)
    [(_, outcome)] = sent
    assert isinstance(outcome, Outcome)
    assert outcome.writes == ((b"a", None), (b"b", bytes(32)))
    assert outcome.complete

    reason = divergence.begin(own, replace(own, state_root=bytes(32)), "because")
    assert sent[1:] == [(None, GetOutcome(1))]
    assert reason == f"because; state_root own {own.state_root.hex()[:16]} other {bytes(8).hex()}"
    assert divergence.on_answer(outcome) is None, "it names no difference"
    false = Outcome(1, (bytes(32),), ((b"a", bytes(32)),), True)
    assert divergence.on_answer(false) is None, "its receipts are others than those that were signed"
    part = replace(outcome, writes=((b"a", None),), complete=False)
    assert divergence.on_answer(part) is None, "b was not told"
    found = divergence.on_answer(replace(outcome, writes=((b"b", bytes(32)),)))
    assert found == f"{reason}; first state key that differs, as a peer says: 61 own removed other not written"
