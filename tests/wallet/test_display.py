"""Lists and trees for people: words for what became of a voucher, sums of long lists, narrow terminals."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from ledger.choices import ZH, choice_word
from tests.catalogue.stage import DUE
from tests.wallet.conftest import YUAN, Deal
from tests.wallet.engine_chain import home_of, serving
from wallet.commands.trace import ending
from wallet.console import App
from wallet.session import Row


def row_of(**fields):
    return Row("", "", (), b"", b"", (), fields, None, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("live", "into", "paid", "root", "word"),
    [
        (True, None, None, {"status": "live"}, "live"),
        (False, b"x", None, {"status": "live"}, "spent"),
        (False, b"x", 0, {"status": "redeemed"}, "spent"),
        (False, None, 5, {"status": "due", "redeemed": 5, "cancelled": 0}, "redeemed"),
        (False, None, 5, {"status": "due", "redeemed": 5, "cancelled": 5}, "redeemed"),
        (False, None, 0, {"status": "due", "redeemed": 0, "cancelled": 5}, "cancelled"),
        (False, None, None, {"status": "cancelled", "redeemed": 0, "cancelled": 5}, "cancelled"),
        (False, None, None, {"status": "redeemed", "redeemed": 5, "cancelled": 0}, "redeemed"),
        (False, None, None, {"status": "refused", "redeemed": 0, "cancelled": 5}, "refused"),
        (False, None, None, {"status": "expired", "redeemed": 0, "cancelled": 5}, "expired"),
    ],
)
def test_what_became_of_a_tranche(live, into, paid, root, word):
    claim = None if paid is None else row_of(paid=paid)
    assert ending(row_of(**root), row_of(live=live, into=into), claim) == word
    assert choice_word(word, "en") == word
    assert choice_word(word, "zh") == ZH[word]
    assert choice_word("never-heard-of", "zh") == "never-heard-of"


def test_the_trace_of_a_paid_voucher_says_so(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        shown = run("trace", stage.root.hex(), lang="zh")
        assert ("现存" in shown, "已支用" in shown, "待签收 → gamma" in shown) == (True, True, True)
        assert "spent" not in shown
        assert "待签收" in run("holdings", lang="zh")
        stage.go_to(DUE - 1)
        stage.go_to(DUE)
        stage.collect(2_000_000 * YUAN)
        stage.distribute()
        shown = run("trace", stage.root.hex())
        lines = [line for line in shown.splitlines() if "└" in line or "├" in line]
        assert sum("redeemed" in line for line in lines) == 3
        assert sum("spent" in line for line in lines) == 2
        assert "live 0.00 + redeemed 2,000,000.00" in shown
        # Figures of one branch end at the same place.
        labels = [line.lstrip("│ ├└─") for line in lines]
        assert len({label.index(".00") for label in labels}) == 1


def test_long_holdings_are_summed_by_issuer_and_due_day(run):
    stage = Deal()
    left: bytes | None = stage.issue("gamma", 100 * YUAN, stage.line(10_000_000 * YUAN))
    for _ in range(22):
        assert left is not None
        _, left = stage.pay("gamma", left, "beta", 2 * YUAN)
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        shown = run("holdings")
        assert "23 vouchers, CNY 500,044.00" in shown
        [line] = [line for line in shown.splitlines() if "Core" in line]
        assert line.split()[-2:] == ["23", "500,044.00"]
        assert "--all" in shown
        everything = run("holdings", "--all")
        assert everything.count("Core (core") == 23
        assert len(run("holdings", "--json")["holdings"]) == 23


def test_a_narrow_terminal_gets_whole_cells(run, tmp_path):
    app = App(home=tmp_path, nodes=(), genesis=None, language="zh", identity=None, passphrase_file=None, as_json=False)
    out = io.StringIO()
    app.console = Console(file=out, force_terminal=True, width=80, soft_wrap=True, color_system=None)
    heads = (("", ""), ("事项", "what"), ("编号", "id"), ("金额", "amount"), ("对方", "with"), ("期限", "until"))
    name = "福建省宏达新型建筑材料科技股份有限公司（hongda，统一社会信用代码尾号 37341L）"
    short = ("#1", "待签收的凭证", "3f9a1c2b3d4e.1", "1,234,567.00", "宏达", "2022年7月5日（星期二）")
    app.table(heads, [short], amounts=(3,))
    assert out.getvalue().splitlines()[1].startswith("#1  待签收的凭证  3f9a1c2b3d4e.1  1,234,567.00  宏达")
    out.truncate(0)
    app.table(heads, [(*short[:4], name, short[5])], amounts=(3,))
    lines = out.getvalue().replace("\x00", "").splitlines()
    assert all(cell_len(line) <= 90 for line in lines)
    assert lines[0] == "#1  事项 待签收的凭证  编号 3f9a1c2b3d4e.1  金额 1,234,567.00"
    assert lines[1] == f"    对方 {name}"
    assert lines[2].strip() == "期限 2022年7月5日（星期二）"
