"""How a run is shown: a table and a plot in the terminal, CSV files with everything that was noted."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import plotext
from rich.table import Table

from devnet.bench.figures import Row, by_second
from devnet.bench.sampling import Sample
from node.language import words

CHART_CELLS: Final = (90, 13)
RESET: Final = "\x1b[0m"
TX_PER_SECOND: Final = ("笔/秒", "tx/s")
TX: Final = ("笔", "tx")
CORES: Final = ("核", "cores")
LINES: Final = (
    ("final_tps", "最终确认", "final", TX_PER_SECOND),
    ("accepted_tps", "受理", "accepted", TX_PER_SECOND),
    ("p50_final_ms", "确认时延 p50", "to final, p50", ("ms", "ms")),
    ("p95_final_ms", "确认时延 p95", "to final, p95", ("ms", "ms")),
    ("p99_final_ms", "确认时延 p99", "to final, p99", ("ms", "ms")),
    ("p50_accepted_ms", "受理时延 p50", "to accepted, p50", ("ms", "ms")),
    ("p95_accepted_ms", "受理时延 p95", "to accepted, p95", ("ms", "ms")),
    ("p99_accepted_ms", "受理时延 p99", "to accepted, p99", ("ms", "ms")),
    ("cpu_s_per_1000", "每千笔 CPU（全部节点）", "CPU per 1,000, all nodes", ("s", "s")),
    ("floor_cpu_s_per_1000", "其中验签下限", "of it signature checks, at least", ("s", "s")),
    ("times_floor", "为验签下限的倍数", "times that floor", ("×", "×")),
    ("nodes_cores", "节点占用", "used by the nodes", CORES),
    ("generator_cores", "压测端占用", "used by the generator", CORES),
    ("others_cores", "本机其他进程占用", "used by everything else here", CORES),
    ("submitted", "提交", "submitted", TX),
    ("final", "最终确认", "final", TX),
    ("refused", "被链上拒绝", "refused by the chain", TX),
    ("turned_away", "入口未受理", "not accepted at the door", TX),
    ("lost", "受理后丢失", "accepted and lost", TX),
)


def result_table(result: dict[str, Any]) -> Table:
    nodes = f"{result['nodes']} {words('节点', 'nodes')}"
    what = f"{result['loop']} · {nodes} · {result['suite']} · {result['engine']}"
    table = Table(title=f"{what} · {result['seconds']} s")
    for justify in ("left", "right", "left"):
        table.add_column("", justify=justify)
    for name, zh, en, unit in LINES:
        value = result[name]
        table.add_row(words(zh, en), "-" if value is None else f"{value:,}", words(*unit))
    for name, memory in result["memory"].items():
        figures = f"{memory['start_mib']:,.0f} → {memory['middle_mib']:,.0f} → {memory['end_mib']:,.0f}"
        table.add_row(f"{words('内存（始、中、末）', 'memory at start, middle, end:')} {name}", figures, "MiB")
    return table


def charts(rows: Sequence[Row], seconds: int) -> tuple[str, str]:
    """What became final in each second, and how long half of it had taken."""
    found = by_second(rows)
    counts, middles = zip(*(found.get(second, (0, 0.0)) for second in range(seconds)), strict=True)
    return (
        chart(words("每秒最终确认笔数", "final transactions in each second"), counts),
        chart(words("确认时延 p50（毫秒）", "p50 to final, ms"), middles),
    )


def chart(title: str, values: Sequence[float]) -> str:
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(*CHART_CELLS)
    figure.title(title)
    signal = figure.signal(list(range(len(values))), list(values))
    signal.lines()
    figure.draw(signal)
    figure.ruler("y").lim(0, max(1.0, *values) * 1.05)
    return str(figure.build()).replace(RESET, "")


def write_csv(folder: Path, rows: Sequence[Row], samples: Sequence[Sample], names: Sequence[str], start: float) -> None:
    """transactions.csv: every transaction; nodes.csv: every node's CPU and memory over time."""
    with (folder / "transactions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow("id kind node due_ms answered_ms outcome height final_ms refused".split())
        for row in rows:
            kind, node = "offer" if row.is_offer else "accept", names[row.node]
            times = (row.due_ms, row.answered_ms, row.outcome, row.height, row.final_ms, row.refused)
            writer.writerow([row.id.hex(), kind, node, *times])
    with (folder / "nodes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["at_ms", "node", "cpu_s", "memory_bytes"])
        for sample in samples:
            for i, name in enumerate(names):
                at = round(1000 * (sample.at - start))
                writer.writerow([at, name, round(sample.cpu_seconds[i], 2), sample.memory_bytes[i]])
