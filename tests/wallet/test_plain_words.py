"""What is said before anybody signs, in refusals, and of files that are not what they should be."""

import json

import click
import pytest

from ledger.codec import encode
from ledger.summary import act_digest
from ledger.verdict import judge
from tests.catalogue.stage import DUE
from tests.ledger.toy_chain import SUITE
from tests.wallet.conftest import YUAN
from tests.wallet.engine_chain import CHECKED_FROM_FEN, EngineChain, home_of, serving
from tests.wallet.test_commands import add_person
from wallet.life import Mention, closure


def offer(stage, **changes):
    given = {"tranche": stage.child.hex(), "payee": "gamma", "face": "10", "until": "2022-07-05", "debt": "00" * 32}
    words = [f"{name}={value}" for name, value in {**given, **changes}.items() if value is not None]
    return ("call", "voucher", "offer", *words, "--yes")


def test_who_does_not_exist_and_what_is_not_there_is_said_before_signing(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta", "alpha")
        height = stage.sealed.height
        stranger = run(*offer(stage, payee="nobody-here"), "--json", exit_code=2)
        assert (stranger["code"], stranger["numbers"]["organisation"]) == ("WAL-024", "nobody-here")
        # Whom an offer that lapsed was made to is no proposal for the next one.
        assert run(*offer(stage, payee=None), "--json", exit_code=2)["code"] == "WAL-018"
        wrong_map = run("call", "credit", "freeze", stage.root.hex(), "--yes", "--json", exit_code=2)
        assert (wrong_map["code"], wrong_map["numbers"]["expected"]) == ("WAL-023", "credit.lines")
        assert "voucher.roots" in wrong_map["numbers"]["found"]
        for words in (
            offer(stage, tranche="ab" * 34),
            ("trace", "ab" * 34),
            ("pending", "approve", "ab" * 34, "--yes"),
        ):
            assert run(*words, "--json", exit_code=2)["code"] == "WAL-029"
        assert stage.sealed.height == height


def test_a_value_that_cannot_be_read_is_shown_with_one_that_can(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        for argument, value, why, example in (
            ("face", "1,000x", "不是以元为单位的金额", "1,000.00 (CNY)"),
            ("face", "0", "面额不能为零", "1,000.00 (CNY)"),
            ("face", "-5", "金额不能为负", "1,000.00 (CNY)"),
            ("face", "1.005", "小数不能超过两位", "1,000.00 (CNY)"),
            ("until", "2022-13-08", "不是日期，或没有这一天", "2022-12-30"),
            ("debt", "zz", "不是十六进制", "hex / @FILE"),
        ):
            refused = run(*offer(stage, **{argument: value}), "--json", exit_code=2)
            assert (refused["code"], refused["numbers"]["hint"]) == ("WAL-028", example)
            assert f'"{value}"：{why}' in refused["zh"]
            assert not set("abcdefghijklmnopqrstuvwxyz") & set(refused["zh"].replace(value, "").replace(argument, "")
                                                              .replace(example, ""))  # fmt: skip


def test_what_the_interface_declares_at_most_is_refused_before_signing(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        height = stage.sealed.height
        long = run("call", "governance", "propose_parameter", "x" * 513, "1", "2023-01-01", "--yes", exit_code=2)
        assert "513 characters, at most 512" in long
        many = ";".join(["ab" * 34] * 1025)
        assert "1025 items, at most 1024" in run("call", "voucher", "merge", many, "--yes", exit_code=2)
        assert stage.sealed.height == height


def test_an_unknown_name_is_refused_with_those_that_are_like_it(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        for words, code, zh, en in (
            (("call", "vouchr", "offer"), "TX-007", "是否想用 voucher；lugang describe 列出", "did you mean voucher;"),
            (("call", "voucher", "ofer"), "TX-008", "是否想用 offer；lugang describe voucher", "did you mean offer;"),
            (("view", "voucher", "held"), "TX-008", "是否想用 held_by；", "did you mean held_by;"),
            (("describe", "voucher", "xxxx"), "TX-008", "xxxx；lugang describe voucher", "xxxx; `lugang describe v"),
        ):
            refused = run(*words, "--json", exit_code=1)
            assert refused["code"] == code
            assert zh in refused["zh"]
            assert en in refused["en"]


def test_whose_list_it_is_and_that_an_organisation_is_not_there(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta", "gamma")
        assert run("inbox").startswith("what awaits Beta (beta, credit code ending ")
        assert "as beta" in run("inbox").splitlines()[0]
        assert run("holdings", lang="zh").startswith("beta公司（beta，")
        assert "lugang key list" in run("inbox", "--key", "beta")
        other = run("inbox", "--org", "core", lang="zh").splitlines()
        assert (other[0].endswith("的待办"), other[1]) == (True, "没有待办")
        for command in ("inbox", "holdings"):
            refused = run(command, "--org", "gama", "--json", exit_code=2)
            assert refused["code"] == "WAL-024"
            assert "是否想用 gamma" in refused["zh"]
        assert "did you mean gamma" in run(*offer(stage, payee="Gamma"), exit_code=2)
        assert "1 voucher, CNY" in run("holdings")


def test_what_became_of_an_offer_is_said_in_chinese_words(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "gamma")
        shown = run("call", "voucher", "refuse", stage.offered.hex(), "--yes", lang="zh")
        assert "结果：已拒收" in shown
        assert "refused" not in shown


def test_of_a_voucher_that_has_ended_the_reason_is_the_true_one(stage, run):
    root = stage.done("core", "voucher", "issue", *stage.issue_args("alpha", 100 * YUAN, stage.line(100 * YUAN)))
    stage.done("core", "voucher", "withdraw", root)
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "core")
        words = ("call", "voucher", "offer", root.hex(), "alpha", "1", "2022-07-05", "00" * 32, "--yes")
        for lang, said in (("zh", "不能再办理：已撤回（withdrawn）"), ("en", "with it: withdrawn")):
            refused = run(*words, lang=lang, exit_code=1).splitlines()[-1]
            assert refused.startswith("VOU-032 ")
            assert refused.endswith(said)


def test_whose_row_it_is_is_known_before_anybody_signs(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "gamma")
        height = stage.sealed.height
        refused = run(*offer(stage), "--json", exit_code=1)
        assert refused["numbers"] == {"field": "owner", "party": "beta", "caller": "gamma"}
        assert "transaction" not in refused
        accept = ("call", "voucher", "accept", stage.child.hex(), "--yes")
        assert "AUTH-003 the payee is nobody, not Gamma (gamma)" in run(*accept, exit_code=1)
        assert "AUTH-003 该记录的收款方是（无），不是 gamma公司（gamma）" in run(*accept, lang="zh", exit_code=1)
        assert stage.sealed.height == height


def test_an_organisation_in_an_example_is_one_that_is_there(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        hint = run(*offer(stage, payee=None), "--json", exit_code=2)["numbers"]["hint"]
        assert hint in {member.organisation for member in stage.genesis.members}


def test_every_node_that_was_asked_is_named_when_none_answers(stage, run):
    home_of(run.home, stage, (), "beta")
    nodes = ("--node", "http://127.0.0.1:1", "--node", "http://127.0.0.1:2")
    for words in (("inbox",), ("view", "voucher", "held_by", "beta"), ("status",)):
        refused = run(*words, *nodes, "--json", exit_code=3)
        assert refused["code"] == "WAL-020"
        assert "http://127.0.0.1:1, http://127.0.0.1:2：连接被拒绝" in refused["zh"]
        assert "http://127.0.0.1:1, http://127.0.0.1:2: [Errno 111]" in refused["en"]
        assert "lugang devnet up" in refused["zh"]
        assert "lugang devnet up" in refused["en"]


def test_refusals_name_people_and_organisations_and_shorten_ids(stage, run):
    stage.done("beta", "membership", "enrol", stage.key("clerk"), ("check",))
    with serving(stage, None, None) as nodes:
        home = home_of(run.home, stage, nodes, "gamma")
        add_person(home, "clerk", "beta", "beta-clerk")
        shown = run(*offer(stage), "--key", "beta-clerk", lang="zh", exit_code=1)
        assert "AUTH-006 人员 beta-clerk @beta 没有权限经办（make）" in shown
        shown = run(*offer(stage), lang="zh", exit_code=1)
        assert "AUTH-003 该记录的持有人是 beta公司（beta），不是 gamma公司（gamma）" in shown
        stage.done("beta", "voucher", "split", stage.child, 100 * YUAN)
        shown = run(*offer(stage), "--key", "gamma", exit_code=1)
        answer = run(*offer(stage), "--json", exit_code=1)
        assert answer["code"] == "AUTH-003"
        spent = run("call", "voucher", "accept", stage.root.hex(), "1", "2022-12-30", "--yes", exit_code=1)
        assert stage.root.hex() not in spent.splitlines()[-1]


def test_a_refusal_that_quotes_an_id_shows_its_head_and_has_it_whole_in_json(stage, run):
    stage.done("beta", "voucher", "split", stage.child, 100 * YUAN)
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        into = stage.tranche(stage.child).into.hex()
        answer = run(*offer(stage), "--json", exit_code=1)
        assert (answer["code"], answer["numbers"]["into"]) == ("VOU-005", into)
        last = run(*offer(stage), exit_code=1).splitlines()[-1]
        assert "VOU-005" in last
        assert f"{into[:12]}.{int(into[-4:], 16)}" in last
        assert into not in last


def test_wrong_usage_ends_with_2_in_the_readers_language(run, monkeypatch):
    assert "没有选项 --no-such" in run("inbox", "--no-such", lang="zh", exit_code=2)
    assert "缺少参数" in run("call", lang="zh", exit_code=2)
    assert "WAL-016 wrong usage: no such option" in run("inbox", "--no-such", exit_code=2)


@pytest.mark.parametrize("stop", [click.Abort, KeyboardInterrupt])
def test_to_leave_at_the_question_is_to_say_no(stage, run, monkeypatch, stop):
    def leave(*_, **__):
        raise click.Abort from stop()

    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        monkeypatch.setattr("click.confirm", leave)
        assert "\n\nWAL-040 " in run(*offer(stage)[:-1], exit_code=5)


def test_evidence_of_any_chain_is_read_without_a_wallet(stage, run, tmp_path, monkeypatch):
    file, genesis = tmp_path / "voucher.lgev", tmp_path / "genesis.cbor"
    genesis.write_bytes(stage.genesis.encode())
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        run("evidence", "export", str(file), "--voucher", stage.root.hex())
    other = tmp_path / "another wallet"
    home_of(other, EngineChain(["xray"]), (), "xray")
    verify = ("evidence", "verify", str(file), "--genesis", str(genesis), "--json")
    assert run(*verify, "--home", str(other))["sound"]
    assert (other / "genesis.cbor").read_bytes() != genesis.read_bytes()
    nowhere = tmp_path / "nowhere"
    assert run(*verify, "--home", str(nowhere))["sound"]
    assert not nowhere.exists()
    picture = tmp_path / "picture"
    picture.write_bytes(b"\x89PNG")
    spoilt = run("evidence", "verify", str(picture), *verify[3:], exit_code=1)
    assert (spoilt["code"], spoilt["numbers"]["detail"]) == ("WAL-025", "BYT-001")
    assert "BYT-001 编码不规范" in spoilt["zh"]
    assert "BYT-001 not the canonical encoding" in spoilt["en"]
    assert run("evidence", "verify", str(file), "--genesis", str(picture), "--json", exit_code=2)["code"] == "WAL-026"


def test_evidence_of_another_chain_is_no_forgery(stage, run, tmp_path):
    """As after a devnet was made anew: the file is good, and the wallet's genesis is another one."""
    file, other = tmp_path / "voucher.lgev", EngineChain(["xray"])
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        run("evidence", "export", str(file), "--voucher", stage.root.hex())
    (tmp_path / "genesis.cbor").write_bytes(other.genesis.encode())
    verify = ("evidence", "verify", str(file), "--genesis", str(tmp_path / "genesis.cbor"))
    answer = run(*verify, "--json", exit_code=1)
    chains = (stage.chain.hex()[:16], other.chain.hex()[:16])
    assert (answer["code"], answer["numbers"]) == ("WAL-037", dict(zip(("found", "expected"), chains, strict=True)))
    shown = run(*verify, lang="zh", exit_code=1)
    assert "不成立" not in shown
    assert shown.count(chains[0]) == 2


def checked_offer(stage, run, said=None):
    """An offer above the band, checked; every act of it by name."""
    big = stage.issue("alpha", CHECKED_FROM_FEN + YUAN, stage.line(20_000_000 * YUAN))
    stage.done("alpha", "membership", "enrol", stage.key("checker"), ("check",))
    args = (big, "beta", CHECKED_FROM_FEN, stage.today + 5, bytes(32), DUE)
    stage.done("alpha", "voucher", "offer", *args)
    act = act_digest(SUITE, "voucher", "offer", encode(args), stage.interface("voucher").digest(SUITE))
    meant = f"以凭证 {big.hex()[:12]}.0 向 beta公司"
    if said is None:
        with serving(stage, None, None) as nodes:
            add_person(home_of(run.home, stage, nodes, "alpha"), "checker", "alpha", "checker")
            run("pending", "list", "--key", "checker", lang="zh")
            done = run("pending", "approve", "#1", "--yes", "--key", "checker", "--json", lang="zh")
        assert meant in done["sentence"]
        assert done["act_sentence"] in done["sentence"]
    else:
        [item] = stage.view("approval", "waiting_in", "alpha", None)
        stage.done("checker", "approval", "approve", item, act, said)
    [child] = [key for key in stage.keys_of(big) if key != big and stage.tranche(key).payee == "beta"]
    stage.done("beta", "voucher", "accept", child, CHECKED_FROM_FEN, DUE)
    return big


@pytest.fixture
def keys(stage):
    def keys_of(root):
        return [row[0] for row in stage.view("voucher", "all_of", root, None)]

    stage.keys_of = keys_of
    return stage


def signed_in(file, stage):
    _, found, _ = judge(SUITE, stage.genesis.encode(), file.read_bytes())
    return [f"{entry.transaction.body.contract}.{entry.transaction.body.action}" for entry in found.transactions]


def test_evidence_has_every_sentence_that_was_signed_in_a_vouchers_life(keys, run, tmp_path):
    stage, file = keys, tmp_path / "voucher.lgev"
    big = checked_offer(stage, run)
    with serving(stage, None, None) as nodes:
        words = [word for node in nodes for word in ("--node", node.url)]
        answer = run("evidence", "export", str(file), "--voucher", big.hex(), *words, "--json")
        [life] = answer["lives"]
        assert (answer["sound"], life["complete"], len(life["nodes"])) == (True, True, 2)
    # Issue and its acceptance; the offer as its maker signed it, the checker's approval, the payee's acceptance.
    assert signed_in(file, stage) == [
        "voucher.issue", "voucher.accept", "voucher.offer", "approval.approve", "voucher.accept",
    ]  # fmt: skip
    # Nothing of the other voucher on this chain. (Its key may stand in the page of a proof, as a neighbour.)
    _, found, _ = judge(SUITE, stage.genesis.encode(), file.read_bytes())
    assert [value for value in found.values if stage.root in value.full_key] == []
    assert [entry for entry in found.transactions if entry.transaction.id == stage.root[:32]] == []


def test_a_node_that_hides_events_is_made_up_for_by_another(keys, run, tmp_path):
    stage, file = keys, tmp_path / "voucher.lgev"

    def hide(path, answer):
        if path != "/events":
            return answer
        lines = [line for line in answer.splitlines() if json.loads(line).get("event") not in ("Moved", "Offered")]
        return b"\n".join(lines) + b"\n"

    with serving(stage, hide, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        run("evidence", "export", str(file), "--voucher", stage.root.hex())
        whole = signed_in(file, stage)
        assert whole.count("voucher.accept") == 2
    with serving(stage, lambda path, answer: None if path == "/events" else answer, None) as nodes:
        words = [word for node in nodes for word in ("--node", node.url)]
        shown = run("evidence", "export", str(file), "--voucher", stage.root.hex(), *words)
        assert "its life may have gaps" in shown
        assert signed_in(file, stage) == whole


def test_a_checker_who_signed_other_words_than_those_of_the_act_is_named(keys, run, tmp_path):
    stage, file = keys, tmp_path / "voucher.lgev"
    big = checked_offer(stage, run, said="以凭证向 gamma 支付 1 元")
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        run("evidence", "export", str(file), "--voucher", big.hex())
    answer = run("evidence", "verify", str(file), "--json", exit_code=1)
    [wrong] = [line for line in answer["lines"] if not line["proven"]]
    assert "以凭证向 gamma 支付 1 元" in wrong["zh"]
    assert "approval.approve" in wrong["zh"]


def test_a_life_takes_what_was_made_beside_it_and_nothing_of_others():
    def mention(transaction, ids, item=None):
        return Mention(transaction * 64, "c", frozenset(ids), item)

    tranche, line, made, other = "aa" * 34, "bb" * 34, "1" * 68, "2" * 68
    mentions = [
        mention("1", {tranche, line, made}),  # makes a financing of the tranche, out of a line that is others' too
        mention("2", {line, other}),  # another voucher's act on the same line
        mention("3", {made}),  # the financing is paid
    ]
    assert closure(mentions, {tranche}) == ["1" * 64, "3" * 64]
    item = "4" * 64 + "0000"
    waiting = [
        mention("4", {item}, item),
        mention("5", {item}, item),
        mention("6", {tranche}),
        mention("6", {item}, item),
    ]
    assert closure(waiting, {tranche}) == ["6" * 64, "4" * 64, "5" * 64]
