"""A short run over real nodes: the fields of the JSON object, nothing lost, all nodes alike. Speed is not judged."""

import csv
import json
import subprocess
import sys

import psutil
import pytest

FIELDS = {
    "final_tps": float,
    "accepted_tps": float,
    "p50_final_ms": float,
    "p95_final_ms": float,
    "p99_final_ms": float,
    "cpu_s_per_1000": float,
    "submitted": int,
    "final": int,
    "lost": int,
    "nodes": int,
    "suite": str,
    "engine": str,
    "seconds": int,
}


def run_bench(folder, *options: str):
    command = [sys.executable, "-m", "devnet.lugang", "devnet", "bench", "--dir", str(folder), "--nodes", "4", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def nodes_left(folder) -> list[int]:
    running = psutil.process_iter(["cmdline"])
    return [process.pid for process in running if any(str(folder) in part for part in process.info["cmdline"] or ())]


@pytest.mark.parametrize(
    "options",
    [("--rate", "60", "--holders", "6"), ("--clients", "4", "--holders", "5", "--hot", "--suite", "gm")],
    ids=["open", "closed-hot-gm"],
)
def test_a_short_run(tmp_path, options):
    folder = tmp_path / "bench"
    result = run_bench(folder, "--seconds", "3", *options)
    assert {name: type(result[name]) for name in FIELDS} == FIELDS
    assert (result["nodes"], result["engine"], result["seconds"]) == (4, "pbft", 3)
    assert result["suite"] == ("gm" if "gm" in options else "intl")
    assert result["submitted"] == result["accepted"] == result["final"] > 0
    assert (result["lost"], result["refused"], result["consistent"]) == (0, 0, True)
    assert set(result["missing"].values()) == {0}
    with (folder / "bench" / "transactions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == result["submitted"]
    assert all(float(row["due_ms"]) <= float(row["answered_ms"]) <= float(row["final_ms"]) for row in rows)
    assert nodes_left(folder) == []
