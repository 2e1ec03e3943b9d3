"""What the nodes' states mean: five nodes, of which pbft needs four (n = 3f + 2: two may not be away)."""

from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from devnet.health import diagnose
from devnet.network import Seen
from devnet.plan import DevnetPlan, NodePlan
from devnet.tables import status_view
from ledger.api import Status

NAMES = ("operator", "supervisor", "collector", "subject", "user")
PLAN = DevnetPlan(Path("/srv/x"), "intl", "pbft", tuple(NodePlan(name, name, 20_000, 20_001, 20_002) for name in NAMES))


def status(**different) -> Status:
    usual = {
        "chain": "ab" * 32,
        "name": "试验",
        "suite": "intl",
        "engine": "pbft",
        "organisation": "user",
        "validator_key": "cd" * 32,
        "software": "x",
        "clock": "test",
        "day": 19_173,
        "time_ms": 0,
        "applied": 1_234_567,
        "certified": 1_234_567,
        "decided": 1_234_567,
        "round": 0,
        "mode": "voting",
        "halt_reason": None,
        "peers_connected": 4,
        "peers": 4,
        "quorum": 4,
        "pool_count": 0,
        "pool_oldest_ms": 0,
        "view_changes": 0,
        "uptime_ms": 1,
        "database_bytes": 1,
    }
    return Status(**{**usual, **different})


def seen(**by_name: Status | None) -> list[Seen]:
    """All five vote, but for those given: a status of their own, or None for one that is down."""
    states = {name: by_name.get(name, status()) for name in NAMES}
    return [
        Seen(name, None, 0, 0.0, None) if state is None else Seen(name, 4_194_304, 900 * 1024**2, 1.0, state)
        for name, state in states.items()
    ]


def notes(rows: list[Seen]) -> list[str]:
    return [note.en for note in diagnose(PLAN, rows, bank=True).notes]


def test_all_five():
    health = diagnose(PLAN, seen(), bank=True)
    assert (health.can_finish, health.voting, health.quorum) == (True, 5, 4)
    assert [note.en for note in health.notes] == ["5 of 5 nodes vote, 4 are needed: the chain goes on, 1 more may fail"]


def test_two_away_nothing_becomes_final_and_the_way_back_is_said():
    health = diagnose(PLAN, seen(subject=None, user=None), bank=True)
    assert not health.can_finish
    verdict, back = health.notes
    assert verdict.en.startswith("only 3 of 5 nodes vote, 4 are needed: nothing can become final now")
    assert "不能最终确认" in verdict.zh
    assert back.en == "the way back: lugang devnet start subject user --dir /srv/x"


def test_one_away_the_chain_goes_on_and_the_missing_one_is_named():
    verdict, back = notes(seen(user=None))
    assert verdict == "4 of 5 nodes vote, 4 are needed: the chain goes on, none more may fail"
    assert back.endswith("start user --dir /srv/x")


def test_those_that_came_back_are_shown_on_their_way():
    behind = status(applied=40, certified=40)
    rows = seen(subject=behind, user=status(mode="observer", halt_reason="the guard is lost"))
    assert "subject is catching up: height 40, the chain is at 1234567" in notes(rows)
    assert any(note.startswith("user observes (the guard is lost)") for note in notes(rows))


def test_a_halted_node_is_sent_to_the_doctor():
    rows = seen(user=status(mode="halted", halt_reason="another state root"))
    assert any("user has halted (another state root)" in note and "node doctor --home" in note for note in notes(rows))


def test_a_bank_that_is_away_is_said_while_nodes_run():
    assert any("start bank" in note.en for note in diagnose(PLAN, seen(), bank=False).notes)
    assert not any("start bank" in note.en for note in diagnose(PLAN, seen(**dict.fromkeys(NAMES)), bank=False).notes)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_fits_into_80_columns_whole(monkeypatch, language):
    monkeypatch.setenv("LUGANG_LANG", language)
    rows = seen(user=None, subject=status(mode="observer"))
    console = Console(width=80, force_terminal=False, highlight=False)
    with console.capture() as capture:
        console.print(status_view(PLAN, rows, diagnose(PLAN, rows, bank=True)))
    lines = capture.get().splitlines()
    assert max(map(cell_len, lines)) <= 80
    table = lines[2:7]
    assert [line.split()[0] for line in table] == list(NAMES), "a row is a line"
    assert "…" not in "".join(table)
