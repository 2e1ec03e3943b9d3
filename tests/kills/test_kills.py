"""A short run with kills, and the checks on tables made by hand: each must be able to fail."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.receipt import Receipt, Status
from tests.kills.clients import Sent
from tests.kills.faults import DOWN_SECONDS_MAX, LONG_REST_SECONDS, PAUSE_SECONDS_MAX, WEIGHTS, Kind, draw
from tests.kills.verdict import Found, judge, promises_broken, refusals
from tests.kills.watching import Sample, Watched, idle_with_quorum, longest_standstill, next_final

ROOT = Path(__file__).parents[2]
SEED = 9798
"""Within nine seconds: the proposer, then all nodes at once."""


def test_nothing_accepted_is_lost_when_the_proposer_and_then_all_nodes_are_killed(tmp_path):
    """How long it took is measured by the long runs: here other tests share the machine."""
    options = ["--seed", str(SEED), "--minutes", "0.15", "--rate", "60", "--nodes", "4", "--holders", "20", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills.live", str(tmp_path / "kills"), *options],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    result = json.loads(done.stdout)
    assert result["findings"] == []
    assert result["accepted"] == result["accepted_and_final_everywhere"] == result["submitted"] > 500
    assert result["faults"][Kind.ALL.value] == 1
    assert result["kills"] >= 5


def test_one_seed_is_one_plan_and_all_kinds_come():
    def plan(seed):
        source = random.Random(seed)
        return [draw(source, 5) for _ in range(300)]

    assert plan(7) == plan(7) != plan(8)
    kinds = Counter(drawn.kind for drawn in plan(7))
    assert set(kinds) == set(WEIGHTS)
    for drawn in plan(7):
        longest = PAUSE_SECONDS_MAX if drawn.kind is Kind.PAUSE else DOWN_SECONDS_MAX
        assert sorted(drawn.order) == [0, 1, 2, 3, 4]
        assert all(0 <= seconds <= longest for seconds in drawn.down_seconds)
        assert 0 <= drawn.rest_seconds <= LONG_REST_SECONDS[1]
        assert drawn.count == {Kind.TWO: 2, Kind.ALL: 5}.get(drawn.kind, 1)


def key(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


def receipt(name: str, height: int, index: int, code: str | None = None) -> bytes:
    status = Status.DONE if code is None else Status.REFUSED
    return Receipt(height, index, key(name), key(name), status, code, (), None, (), 1).encode()


RECEIPTS = {
    key("offer"): receipt("offer", 1, 0),
    key("accept"): receipt("accept", 1, 1),
    key("early"): receipt("early", 1, 2, "EXE-003"),
    key("late"): receipt("late", 2, 0),
}
ROWS = [(b"header 1", b"s", b"r"), (b"header 2", b"s", b"r")]
VALID_UNTIL = dict.fromkeys([*RECEIPTS, key("expired")], 1_000) | {key("expired"): 10}


def sent() -> dict[bytes, Sent]:
    """Five transactions: an offer with its acceptance, one that came before what it needs, one whose time ran out."""
    found = {
        name: Sent(key(name), b"", 0.0, key(before) if before else None, 1, (1.0, 0))
        for name, before in (("offer", None), ("accept", "offer"), ("early", "late"), ("late", None), ("expired", None))
    }
    found["offer"].final = (2.0, 0, 1, RECEIPTS[key("offer")])
    return {each.id: each for each in found.values()}


def found() -> Found:
    return Found({"a": dict(RECEIPTS), "b": dict(RECEIPTS)}, {"a": list(ROWS), "b": list(ROWS)}, list(RECEIPTS))


def findings(sent_: dict[bytes, Sent], found_: Found) -> list[str]:
    return judge(sent_, found_, block_time_ms=500, valid_until=VALID_UNTIL)


def test_kept_promises_are_no_findings():
    assert findings(sent(), found()) == []
    assert refusals(found()) == {"EXE-003": 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.receipts["b"].pop(key("accept")), "accepted, and not final on b"),
        (lambda f: f.receipts["b"].update({key("accept"): receipt("accept", 1, 3)}), "another receipt on b"),
        (lambda f: [f.receipts[n].update({key("offer"): receipt("offer", 1, 5)}) for n in "ab"], "told to be final"),
        (lambda f: f.heights["b"].__setitem__(1, (b"other", b"s", b"r")), "height 2 of b is another one"),
        (lambda f: f.ids.append(key("late")), "in more than one block"),
        (lambda f: [f.receipts[n].update({key("accept"): receipt("accept", 1, 1, "X-1")}) for n in "ab"], "refused"),
        (lambda f: [f.receipts[n].update({key("early"): receipt("early", 1, 2)}) for n in "ab"], "done without"),
    ],
)
def test_each_check_can_fail(change, said):
    altered = found()
    change(altered)
    told = findings(sent(), altered)
    assert told
    assert all(said in each for each in told)


def test_a_promise_lapses_only_when_its_time_has_run_out():
    assert promises_broken(sent(), found(), 5, VALID_UNTIL) == [
        f"accepted, and not final on {name}: 1 ({key('expired').hex()[:16]})" for name in ("a", "b")
    ]
    unpromised = sent()
    unpromised[key("expired")] = replace(unpromised[key("expired")], promised=None)
    assert promises_broken(unpromised, found(), 5, VALID_UNTIL) == []


def test_standstills_are_measured_between_final_heights():
    seen = {1: 10.0, 2: 11.0, 3: 15.0, 4: 15.5}
    assert next_final(seen, 10.5) == 0.5
    assert next_final(seen, 15.5) is None
    assert longest_standstill(seen, 10.5, 15.2) == 4.0
    assert longest_standstill(seen, 12.0, 14.0) == 2.0


def test_only_a_quorum_that_can_vote_and_has_work_may_be_blamed_for_a_standstill():
    def watched(able: int, *, works: bool) -> Watched:
        moments = [0.4 * step for step in range(60)]
        samples = {f"n{i}": [Sample(at, i < able, works) for at in moments] for i in range(5)}
        return Watched(4, samples=samples)

    assert idle_with_quorum(watched(4, works=True), 2.0, 12.0) == 9.5
    assert idle_with_quorum(watched(3, works=True), 2.0, 12.0) == 0
    assert idle_with_quorum(watched(4, works=False), 2.0, 12.0) == 0
    gone = watched(4, works=True)
    gone.samples["n0"] = [sample for sample in gone.samples["n0"] if not 4.0 < sample.at < 9.0]
    assert idle_with_quorum(gone, 2.0, 12.0) == pytest.approx(4.5, abs=1.0)
