"""What can go wrong with a devnet, each with a code, both sentences, its numbers and its exit code.

Exit codes of `lugang devnet …`: 0 done; 1 a figure or a check is not as it should be; 2 wrong usage; 3 it cannot be
done now; 130, 143, 129 ended by Ctrl-C, SIGTERM, SIGHUP.
"""

from __future__ import annotations

from typing import Final

from ledger.errors import Number, Refusal, Refused
from wallet.problems import exit_code_of as wallets_exit_code_of

EXIT_DIFFERS: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_NOW: Final = 3
EXIT_INTERRUPTED: Final = 130

_TABLE: Final = (
    (EXIT_NOT_NOW, Refusal("DEV-001", "{folder} 里没有试验网。请先运行：{command}",
                           "there is no devnet in {folder}. First run: {command}")),
    (EXIT_USAGE, Refusal("DEV-002", "没有节点 {name}。现有：{names}", "there is no node {name}. There are: {names}")),
    (EXIT_USAGE, Refusal("DEV-003", "节点数 {found}，可为 {low} 至 {high}",
                         "{found} nodes; {low} to {high} are possible")),
    (EXIT_USAGE, Refusal(
        "DEV-004",
        "{folder} 里的试验网 {option} 为 {found}，命令要求 {wanted}。去掉该选项即继续原链；加 --fresh 则另建新链",
        "the devnet in {folder} has {option} {found}, the command asks for {wanted}. "
        "Without the option the old chain goes on; --fresh removes it and makes a new one")),
    (EXIT_NOT_NOW, Refusal(
        "DEV-005",
        "端口 {port}（{node} 的 {setting}）已被进程 {holder} 占用。请结束占用者后重试，或换端口重建新链：{command}",
        "port {port} ({setting} of {node}) is taken by process {holder}. End that program and try again, "
        "or make a new chain on other ports: {command}")),
    (EXIT_NOT_NOW, Refusal("DEV-006", "{node} 启动后已结束。日志末尾（{log}）：\n{tail}",
                           "{node} has ended. The end of {log}:\n{tail}")),
    (EXIT_NOT_NOW, Refusal("DEV-007", "{seconds} 秒内未就绪：{nodes}。{why}日志末尾（{log}）：\n{tail}",
                           "not ready within {seconds} s: {nodes}. {why}The end of {log}:\n{tail}")),
    (EXIT_NOT_NOW, Refusal("DEV-008", "目录 {folder} 已存在，但不是试验网。请换一个 --dir",
                           "{folder} exists and is no devnet. Choose another --dir")),
    (EXIT_USAGE, Refusal("DEV-009", "--alter 可为 1 至 {high}，收到 {found}", "--alter is 1 to {high}, not {found}")),
    (EXIT_NOT_NOW, Refusal("DEV-010",
                           "{folder} 里是另一用途（{found}）的试验网，不会自动删除。请换 --dir，或先运行 {command}",
                           "{folder} holds a devnet made for something else ({found}), which is not removed by itself. "
                           "Choose another --dir, or first run {command}")),
    (EXIT_USAGE, Refusal("DEV-011", "金额 {found} 无效：{detail}", "{found} is no amount: {detail}")),
    (EXIT_NOT_NOW, Refusal("DEV-012", "压测端意外结束", "the load generator has ended")),
    (EXIT_NOT_NOW, Refusal("DEV-013", "找不到足够的空闲端口：{found} 个，需要 {wanted} 个",
                           "not enough free ports: {found} of {wanted}")),
    (EXIT_USAGE, Refusal("DEV-014", "--rate（开环）与 --clients（闭环）只能选一",
                         "--rate is an open loop, --clients a closed one: choose one")),
    (EXIT_INTERRUPTED, Refusal("DEV-020", "已中断", "interrupted")),
)  # fmt: skip

DEVNET_REFUSALS: Final = {refusal.code: refusal for _, refusal in _TABLE}
_EXITS: Final = {refusal.code: exit_code for exit_code, refusal in _TABLE}
assert len(DEVNET_REFUSALS) == len(_TABLE), "a code is declared twice"


def problem(code: str, /, **numbers: Number) -> Refused:
    """The refusal of this catalogue, to be raised by the caller."""
    return Refused(DEVNET_REFUSALS[code], **numbers)


def exit_code_of(refused: Refused) -> int:
    return _EXITS.get(refused.code) or wallets_exit_code_of(refused)
