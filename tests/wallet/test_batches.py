"""A list of acts in a file goes as one batch; nobody types encoded arguments, and every act's sentence is read."""

import json

import pytest

from tests.wallet.conftest import YUAN
from tests.wallet.engine_chain import home_of, serving
from wallet.client import Client

RUN = ("call", "batch", "run", "contract=voucher", "action=offer", "mode=all")


@pytest.fixture
def paper(tmp_path):
    file = tmp_path / "invoice.txt"
    file.write_text("an invoice")
    return file


def rows(stage, paper):
    return [
        {"reference": "INV-1", "tranche": stage.child.hex(), "payee": "gamma", "face": "1,000.00",
         "until": "2022-07-05", "debt": f"@{paper}"},
        {"reference": "INV-2", "tranche": f"{stage.child.hex()}", "payee": "gamma", "face": "20万",
         "until": "2022-07-05", "debt": f"@{paper}"},
    ]  # fmt: skip


def as_csv(listed):
    head = list(listed[0])
    lines = [",".join(head), *(",".join(f'"{row[name]}"' for name in head) for row in listed)]
    return "\n".join(lines) + "\n"


def test_a_list_is_encoded_counted_and_summed_and_each_act_is_read(stage, run, tmp_path, paper):
    listed = rows(stage, paper)[:1]
    (tmp_path / "offers.csv").write_text("\ufeff" + as_csv(listed), encoding="utf-8")
    (tmp_path / "offers.json").write_text(json.dumps(listed), encoding="utf-8")
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        answer = run(*RUN, f"items=@{tmp_path / 'offers.csv'}", "--yes", "--json", lang="zh")
        # The due day was found in the voucher, as for one act alone.
        assert "1. （业务编号：「INV-1」，办理内容：以凭证 " in answer["sentence"]
        assert "向 gamma公司（gamma" in answer["sentence"]
        assert "1 笔，总额人民币 1,000.00 元" in answer["sentence"]
        assert "到期日 2022年12月30日" in answer["sentence"]
        assert answer["result"] == [["INV-1", "done"]]
        again = run(*RUN, f"items=@{tmp_path / 'offers.json'}", "--yes", "--json")
        assert again["result"] == [["INV-1", "known"]]
        each = ("call", "batch", "run", "contract=voucher", "action=offer", "mode=each")
        more = [*listed, {**listed[0], "reference": "INV-9", "tranche": stage.rest.hex(), "until": "2022-12-31"}]
        (tmp_path / "more.json").write_text(json.dumps(more), encoding="utf-8")
        shown = run(*each, f"items=@{tmp_path / 'more.json'}", "--yes", lang="zh")
        assert "- INV-1：此前已办理\n" in shown
        assert "✗ INV-9：被拒，AUTH-003\n" in shown
    assert [held[2] for _, held in stage.view("voucher", "inbox", "gamma", None)].count(1_000 * YUAN) == 1


def test_what_is_wrong_with_a_row_is_said_with_its_number_and_nothing_is_signed(stage, run, tmp_path, paper):
    file = tmp_path / "offers.json"
    height = stage.sealed.height
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        for change, inner in (
            ({"face": "x"}, "WAL-028"), ({"payee": ""}, "WAL-018"), ({"reference": " "}, "WAL-011"),
            ({"sum": "1"}, "WAL-019"),
        ):  # fmt: skip
            first, second = rows(stage, paper)
            file.write_text(json.dumps([first, {**second, **change}]), encoding="utf-8")
            refused = run(*RUN, f"items=@{file}", "--yes", "--json", exit_code=2)
            assert (refused["code"], refused["numbers"]["number"]) == ("WAL-038", 2)
            assert refused["numbers"]["detail"] == inner
        for text, said in (("{}", "不是清单"), ("[1", "不是 JSON"), ("[3]", "每一笔应为对象")):
            file.write_text(text, encoding="utf-8")
            assert said in run(*RUN, f"items=@{file}", "--yes", "--json", exit_code=2)["zh"]
        missing = run(*RUN[:3], "mode=all", f"items=@{file}", "--yes", "--json", exit_code=2)
        assert (missing["code"], missing["numbers"]["argument"]) == ("WAL-018", "contract")
    assert stage.sealed.height == height


def test_acts_that_the_sentence_has_no_room_for_are_shown_below_it(stage, run, tmp_path, paper, monkeypatch):
    listed = [{**rows(stage, paper)[0], "reference": f"INV-{i}", "face": f"{i}.00"} for i in range(1, 53)]
    (tmp_path / "offers.csv").write_text(as_csv(listed), encoding="utf-8")
    monkeypatch.setattr(Client, "submit", lambda *_: pytest.fail("sent"))
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        shown = run(*RUN, f"items=@{tmp_path / 'offers.csv'}", exit_code=5, input="n\n")
    assert "2 more" in shown
    assert '  51. Pay CNY 51.00 of' in shown
    assert '  52. Pay CNY 52.00 of' in shown
    assert '  50. Pay' not in shown
