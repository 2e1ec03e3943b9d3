"""A validator's key is replaced: three heights above, everything on disk and on the links goes by the new set."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trio

from consensus.messages import PeerId
from ledger.checkpoint import VALIDATORS_LAG
from ledger.crypto import ZERO_HASH
from ledger.errors import Refused
from ledger.genesis import ValidatorEntry
from ledger.validators import Validator, ValidatorSet
from node import layout
from node.directory import Directory
from node.keys import write_secret
from node.rebuild import rebuild_database
from node.self_check import check_everything, check_store
from node.store import open_store
from node.transport.interface import PeerKey
from tests.node.cluster import PATIENCE_SECONDS, Cluster, running_cluster
from tests.node.support import SECRETS, SUITE, NotesMachine, make_genesis
from tests.node.test_rebuild import damage, rows

DECIDED_AT = 2
FIRST = DECIDED_AT + VALIDATORS_LAG
NEW_SECRET = SECRETS[9]
REPLACED = 4
GENESIS = make_genesis()
OLD_SET = GENESIS.validator_set()


def with_new_key(validators: ValidatorSet) -> ValidatorSet:
    old = GENESIS.validators[REPLACED]
    kept = [row for row in validators.rows if row.key != old.key]
    kept.append(Validator(SUITE.public_key(NEW_SECRET), old.organisation))
    return ValidatorSet(tuple(sorted(kept, key=lambda row: row.key)))


NEW_SET = with_new_key(OLD_SET)


class ReplacingMachine(NotesMachine):
    """Block 2 decides that the last validator has another key."""

    def apply(self, header, transactions, misbehaviour):
        done = super().apply(header, transactions, misbehaviour)
        return replace(done, next_validators=NEW_SET) if header.height >= DECIDED_AT else done


def replacing_machine(store, genesis, suite):
    return ReplacingMachine(genesis)


async def final(cluster: Cluster, by: int, note: str) -> None:
    transaction = cluster.transaction(note)
    await cluster.submit(by, transaction)
    await cluster.wait_final(transaction)


async def reach(cluster: Cluster, height: int) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        for node in cluster.nodes.values():
            await node.board.chain.wait_for(lambda chain: chain.certified >= height)


async def test_a_key_is_replaced_and_the_chain_goes_on_by_it(tmp_path):
    async with running_cluster(tmp_path, machines=dict.fromkeys(range(5), replacing_machine)) as cluster:
        for number in range(DECIDED_AT):
            await final(cluster, number, str(number))
        # A pending change is work: nobody submits anything more until it acts.
        await reach(cluster, FIRST)
        await final(cluster, 0, "by the four others")
        reads = cluster.nodes[0].reads
        assert [reads.validators_at(height) for height in range(FIRST + 2)] == [OLD_SET] * FIRST + [NEW_SET] * 2
        [change] = reads.validators_changes()
        assert (change.first, change.validators) == (FIRST, NEW_SET)
        assert change.certificate is not None
        change.certificate.verify(SUITE, cluster.chain, "pbft", OLD_SET)
        assert change.certificate.checkpoint.next_valset_hash == NEW_SET.hash(SUITE)
        newest = reads.certificate()
        assert newest is not None
        newest.verify(SUITE, cluster.chain, "pbft", NEW_SET)

        # Started from its disk with the new key, the node votes again, and its vote is needed: of five, four decide.
        await cluster.stop(REPLACED)
        cluster.configs[REPLACED].consensus_key.unlink()
        write_secret(cluster.configs[REPLACED].consensus_key, NEW_SECRET)
        await cluster.start(REPLACED)
        await cluster.stop(0)
        await final(cluster, REPLACED, "by the new key")
        await cluster.start(0)
        await final(cluster, 0, "by all")

        await cluster.stop(1)
        config = cluster.configs[1]
        store = open_store(config.database, cluster.chain)
        check_everything(store, SUITE, GENESIS)
        store.close()
        before = rows(config.database)
        damage(config, *(key for key in before if key[:1] in (layout.PAGE, layout.VALIDATORS, layout.VALIDATORS_FROM)))
        rebuilt = await trio.to_thread.run_sync(rebuild_database, config, replacing_machine, lambda *_: None)
        assert rebuilt.ended is None
        assert rows(config.database) == before
        await cluster.start(1)
        await final(cluster, 1, "by a rebuilt node")
        assert {node.board.ordering.value.mode for node in cluster.nodes.values()} == {"voting"}


async def test_a_lost_or_false_set_is_damage(tmp_path):
    async with running_cluster(tmp_path, machines=dict.fromkeys(range(5), replacing_machine)) as cluster:
        for number in range(DECIDED_AT):
            await final(cluster, number, str(number))
        await reach(cluster, FIRST)
        await cluster.stop(0)
        config = cluster.configs[0]
        before = rows(config.database)
        row, pointer = layout.VALIDATORS + NEW_SET.hash(SUITE), layout.at_height(layout.VALIDATORS_FROM, FIRST)
        for key, value in ((row, None), (row, before[layout.META]), (pointer, None), (pointer, ZERO_HASH)):
            damage(config, key, value=value)
            store = open_store(config.database, cluster.chain)
            with pytest.raises(Refused, match="NODE-003"):
                check_store(store, SUITE, GENESIS)
            store.close()
            damage(config, key, value=before[key])


def test_the_directory_finds_a_node_by_its_old_and_by_its_new_key():
    own, other = GENESIS.validators[0], GENESIS.validators[REPLACED]
    directory = Directory(GENESIS.validators, own.transport_key)
    new = SUITE.public_key(NEW_SECRET)
    assert directory.adopt(OLD_SET) == ()
    assert directory.adopt(NEW_SET) == ((other.key, new),)
    assert directory.adopt(NEW_SET) == ()
    assert directory.transport_key(PeerId(other.key)) == directory.transport_key(PeerId(new)) == other.transport_key
    assert directory.peer_id(PeerKey(other.transport_key)) == other.key
    assert directory.key_of(PeerId(other.key)) == new


JOINER = ValidatorEntry(SUITE.public_key(SECRETS[5]), "newcomer", bytes([6]) * 32, ("/ip4/127.0.0.1/tcp/9",))
WITHOUT_LAST = tuple(entry for entry in GENESIS.validators if entry != GENESIS.validators[REPLACED])
SET_WITHOUT_LAST = ValidatorSet(tuple(row for row in OLD_SET.rows if row.key != GENESIS.validators[REPLACED].key))


class RegisteringMachine(NotesMachine):
    """The note "join" enters another node, "leave" takes the last of the genesis away."""

    validators = OLD_SET

    def apply(self, header, transactions, misbehaviour):
        done = super().apply(header, transactions, misbehaviour)
        notes, nodes = [transaction.body.args[0] for transaction in transactions], None
        if "join" in notes:
            nodes = (*GENESIS.validators, JOINER)
        if "leave" in notes:
            nodes, self.validators = (*WITHOUT_LAST, JOINER), SET_WITHOUT_LAST
        return replace(done, nodes=nodes, next_validators=self.validators)


def registering_machine(store, genesis, suite):
    return RegisteringMachine(genesis)


async def test_links_follow_the_register_and_stay_while_a_key_validates(tmp_path):
    everybody = {entry.organisation for entry in GENESIS.validators[1:]}
    leaver = GENESIS.validators[REPLACED].organisation
    async with running_cluster(tmp_path, machines=dict.fromkeys(range(5), registering_machine)) as cluster:
        registries = cluster.transports[0].registries
        await final(cluster, 1, "join")
        assert [{peer.name for peer in peers} for peers in registries] == [everybody | {"newcomer"}]
        await final(cluster, 1, "leave")
        certificate = cluster.nodes[0].reads.certificate()
        assert certificate is not None
        # The leaver's key validates two heights more, and the change is work: nobody submits anything.
        await reach(cluster, certificate.checkpoint.height + VALIDATORS_LAG - 1)
        await final(cluster, 1, "after the change")
        assert [{peer.name for peer in peers} for peers in registries[1:]] == [everybody - {leaver} | {"newcomer"}]


def test_the_directory_follows_the_register_of_nodes():
    own, *others = GENESIS.validators
    directory = Directory(GENESIS.validators, own.transport_key)
    assert not directory.follow(GENESIS.validators, OLD_SET)
    assert directory.follow((*GENESIS.validators, JOINER), OLD_SET)
    assert directory.peer_id(PeerKey(JOINER.transport_key)) == JOINER.key
    assert directory.transport_key(PeerId(JOINER.key)) == JOINER.transport_key
    assert [peer.key for peer in directory.registry()] == [entry.transport_key for entry in (*others, JOINER)]
    # Who has left stays while it validates; what it has sent before still finds its name.
    without = (*(entry for entry in GENESIS.validators if entry != others[-1]), JOINER)
    assert not directory.follow(without, OLD_SET)
    assert directory.follow(without, NEW_SET)
    assert others[-1].transport_key not in [peer.key for peer in directory.registry()]
    assert directory.peer_id(PeerKey(others[-1].transport_key)) == others[-1].key
    # Who moves is called at the new address.
    moved = replace(JOINER, addresses=("/ip4/127.0.0.2/tcp/9",))
    assert directory.follow((*without[:-1], moved), NEW_SET)
    assert directory.registry()[-1].addresses == moved.addresses
