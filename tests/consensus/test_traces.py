# ruff: noqa: A002 - the arguments are the words of the traces
"""Golden traces: commands, `----`, the effects of one engine in order. `traces/README.md` lists the commands."""

from __future__ import annotations

import inspect
import shlex
from pathlib import Path

import pytest

from consensus.events import Effect, PeerDown
from consensus.messages import RoundState
from tests.consensus.bench import Bench

TRACES = sorted((Path(__file__).parent / "traces").glob("*.txt"))


class Script:
    """The commands of a trace."""

    bench: Bench

    def engine(self, n: str = "4", me: str = "3") -> list[Effect]:
        self.bench = Bench(int(n), int(me))
        return self.bench.effects[:]

    def tick(self, now: str) -> list[Effect]:
        return self.bench.tick(int(now))

    def submit(self, count: str) -> list[Effect]:
        return self.bench.submit(int(count))

    def block(self, name: str, round: str = "0", creator: str = "", tenure: str = "") -> list[Effect]:
        wrong = {"tenure": int(tenure)} if tenure else {}
        self.bench.block(name, int(creator) if creator else None, int(round), **wrong)
        return []

    def proposal(self, name: str, round: str = "0", polka: str = "", by: str = "") -> list[Effect]:
        found = None
        if polka:
            of_round, voters = polka.split(":")
            found = self.bench.polka(name, int(of_round), *map(int, voters.split(",")))
        return self.bench.propose(name, int(round), found, int(by) if by else None)

    def prevote(self, name: str, round: str = "0", by: str = "") -> list[Effect]:
        return self.bench.prevotes(name, int(round), *map(int, by.split(",")))

    def precommit(self, name: str, round: str = "0", by: str = "") -> list[Effect]:
        return self.bench.precommits(name, int(round), *map(int, by.split(",")))

    def polka(self, name: str, round: str = "0", by: str = "") -> list[Effect]:
        voters = [int(i) for i in by.split(",")]
        return self.bench.receive(self.bench.polka(name, int(round), *voters), voters[0])

    def commit(self, name: str, round: str = "0", by: str = "") -> list[Effect]:
        voters = [int(i) for i in by.split(",")]
        return self.bench.receive(self.bench.commit(name, int(round), *voters), voters[0])

    def ended(self, round: str, *endings: str) -> list[Effect]:
        pairs = dict(ending.split(":") for ending in endings)
        cert = self.bench.round_cert(int(round), {int(i): name for i, name in pairs.items()})
        return self.bench.receive(cert, min(map(int, pairs)))

    def body(self, name: str) -> list[Effect]:
        return self.bench.body(name)

    def valid(self, name: str) -> list[Effect]:
        return self.bench.hold(name)

    def invalid(self, name: str) -> list[Effect]:
        return self.bench.hold(name, ok=False)

    def built(self, name: str, round: str = "0") -> list[Effect]:
        return self.bench.built(name, int(round))

    def decide(self, name: str) -> list[Effect]:
        return self.bench.decide(name)

    def persisted(self) -> list[Effect]:
        return self.bench.persisted()

    def applied(self, name: str) -> list[Effect]:
        return self.bench.applied(name)

    def checkpoint(self, name: str, by: str) -> list[Effect]:
        """To be said before `applied`: what the others sign."""
        checkpoint = self.bench.checkpoint(name)
        effects: list[Effect] = []
        for i in map(int, by.split(",")):
            effects += self.bench.receive(self.bench.sign_checkpoint(checkpoint, i), i)
        return effects

    def state(self, place: str, by: str) -> list[Effect]:
        height, round_ = map(int, place.split("/"))
        cert = None if height == 1 else self.bench.engine._gossip.commit_of(height - 1)
        return self.bench.receive(RoundState(height, round_, 0, (), None, self.bench.engine.certified, cert), int(by))

    def up(self, *peers: str) -> list[Effect]:
        return [effect for i in peers for effect in self.bench.up(int(i))]

    def down(self, *peers: str) -> list[Effect]:
        return [effect for i in peers for effect in self.bench.step(PeerDown(self.bench.world.keys[int(i)]))]

    def run(self, line: str) -> list[str]:
        word, *arguments = shlex.split(line)
        places = [argument for argument in arguments if "=" not in argument]
        names = dict(argument.split("=") for argument in arguments if "=" in argument)
        command = getattr(self, word)
        inspect.signature(command).bind(*places, **names)
        return self.bench_lines(command(*places, **names))

    def bench_lines(self, effects: list[Effect]) -> list[str]:
        return self.bench.lines(effects)


def replay(text: str) -> str:
    """The trace with its expected effects computed anew; comments and commands stay as they are."""
    script, out = Script(), []
    for paragraph in text.strip("\n").split("\n\n"):
        head = paragraph.split("\n----")[0]
        commands = [line for line in head.splitlines() if line and not line.startswith("#")]
        if not commands:
            out.append(head)
            continue
        effects = [effect for line in commands for effect in script.run(line)]
        out.append("\n".join([head, "----", *effects]))
    return "\n\n".join(out) + "\n"


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_trace(path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text()
    actual = replay(text)
    if request.config.getoption("--rewrite"):
        path.write_text(actual)
    else:
        assert actual == text
