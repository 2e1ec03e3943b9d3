"""The commands against the real catalogue, served over HTTP by nodes that seal what the real engine executes.

Each test reads both ways of answering: what people see, and the one JSON object.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.codec import encode, load
from ledger.errors import BadSignature
from tests.catalogue.stage import DUE
from tests.ledger.toy_chain import SUITE
from tests.wallet.engine_chain import CHECKED_FROM_FEN, PASSPHRASE, EngineChain, home_of, serving
from wallet.audit import Books, check
from wallet.cli import COMMANDS
from wallet.commands.lists import awaiting_views
from wallet.home import Owner
from wallet.keystore import words_of
from wallet.problems import WALLET_REFUSALS

YUAN = 100


def test_the_inbox_is_numbered_and_its_numbers_can_be_called(stage, run):
    with serving(stage, None, None, None) as nodes:
        home_of(run.home, stage, nodes, "gamma", "alpha")
        shown = run("inbox")
        assert "#1" in shown
        assert "300,000.00" in shown
        assert "2022-07-05 (Tuesday)" in shown
        assert "voucher.accept voucher.refuse" in shown
        answer = run("inbox", "--json")
        [item] = answer["items"]
        assert (item["number"], item["face"], item["actions"][:2]) == (1, 300_000 * YUAN, ["accept", "refuse"])
        assert (answer["complete"], len(answer["nodes"])) == (True, 2)
        # Face and due day are taken from the proven rows and stand in the sentence that is signed.
        said = run("call", "voucher", "accept", "#1", "--yes")
        assert "Accept" in said
        assert "CNY 300,000.00, due on 2022-12-30 (Friday)" in said
        assert "final: height" in said
        assert "certified by" in said
        assert stage.tranche(stage.offered).owner == "gamma"
        assert run("inbox", "--json")["items"] == []


def test_what_has_to_be_decided_is_in_the_inbox_of_whoever_decides_it(stage, run):
    with serving(stage, None, None, None) as nodes:
        home_of(run.home, stage, nodes, "supervisor", "operator")
        assert run("inbox", "--json")["items"] == []
        stage.done("operator", "governance", "propose_parameter", "voucher_offer_days_max", 20, stage.today + 1)
        [item] = run("inbox", "--json")["items"]
        assert (item["contract"], item["map"], item["number"], item["actions"]) == (
            "governance", "proposals", 1, ["approve"],
        )  # fmt: skip
        assert run("inbox", "--key", "operator", "--json")["items"] == []
        assert run("call", "governance", "approve", "#1", "--yes", "--json")["ok"]
        assert run("inbox", "--json")["items"] == []


def test_a_view_is_described_as_an_action_is(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        shown = run("describe", "finance", "cost")
        assert "finance cost application=… funder=… value_day=…" in shown
        assert "day: 2022-12-30" in shown
        [view] = run("describe", "finance", "cost", "--json")["views"]
        assert (view["name"], view["arguments"]) == ("cost", ["application", "funder", "value_day"])


def test_each_list_of_what_is_to_be_done_names_an_action(stage):
    """What is to be paid is paid at a bank."""
    unnamed = []
    for name, _ in stage.genesis.contracts:
        interface = stage.interface(name)
        actions = [action.name for action in interface.actions]
        for view in awaiting_views(interface):
            wanted = view.name.removeprefix("to_")
            if view.name != "inbox" and not any(act == wanted or act.startswith(f"{wanted}_") for act in actions):
                unnamed.append((name, view.name))
    assert unnamed == [("settlement", "to_pay")]


def test_a_signature_that_an_act_declares_is_made_by_whoever_acts(stage, run, tmp_path):
    blank = tmp_path / "blank.json"
    blank.write_text("serial numbers 1 to 9", encoding="utf-8")
    stage.done("supervisor", "membership", "assign", "alpha", ("collector", "subject"))
    with serving(stage, None, None, None) as nodes:
        home_of(run.home, stage, nodes, "supervisor", "alpha")
        terms = ("scope=waybills", "purpose=credit", "first=1", "last=9", "begins=2022-06-30", "ends=2023-06-30")
        run("call", "credential", "grant", "collector=alpha", f"content=@{blank}", *terms, "--yes", "--json")
        [item] = run("inbox", "--key", "alpha", "--json")["items"]
        assert (item["number"], item["actions"]) == (1, ["countersign"])
        # The row has a field `signature` as well, the supervisor's: it must not be taken for the collector's.
        run("call", "credential", "countersign", "#1", "--key", "alpha", "--yes", "--json")
        row = stage.view("credential", "blank", bytes.fromhex(item["id"]))
    _, content, signature = row[1:4]
    over = SUITE.hasher("contract")(encode(("blank", stage.chain, "credential", content)))
    SUITE.verify(stage.key("supervisor"), over, signature)
    SUITE.verify(stage.key("alpha"), over, row[10])
    with pytest.raises(BadSignature):
        SUITE.verify(stage.key("alpha"), over, signature)


def test_a_number_belongs_to_the_identity_that_was_shown_the_list(stage, run):
    """Two identities in one folder: the same number means another row, or none."""
    with serving(stage, None, None) as nodes:
        home = home_of(run.home, stage, nodes, "alpha", "gamma")
        stage.done("beta", "voucher", "offer", stage.child, "alpha", 1_000 * YUAN, stage.today + 5, bytes(32), DUE)
        run("inbox", "--key", "gamma")
        for number in ("#1", "1"):
            refused = run("call", "voucher", "accept", number, "--yes", "--json", exit_code=2)
            assert (refused["code"], refused["numbers"]["label"]) == ("WAL-017", "alpha")
        # Somebody else's list can be looked at; it has no numbers.
        assert "#1" not in run("inbox", "--org", "gamma")
        run("call", "voucher", "accept", "#1", "--yes", "--json", exit_code=2)
        [mine] = run("inbox", "--json")["items"]
        run("inbox", "--key", "gamma")
        assert run("call", "voucher", "accept", "1", "--yes", "--json")["ok"]
        assert stage.tranche(bytes.fromhex(mine["id"])).owner == "alpha"
        assert stage.tranche(stage.offered).owner == "alpha"
        for number in ("#2", "#0", "2", "#" + "9" * 5000):
            words = ("call", "voucher", "accept", number, "--yes", "--json", "--key", "gamma")
            assert run(*words, exit_code=2)["code"] in ("WAL-013", "WAL-017")
        # The same label for another organisation, or another chain, is somebody else.
        owner = Owner("gamma", "gamma", stage.chain.hex())
        assert home.numbered(owner) == [stage.offered]
        assert home.numbered(replace(owner, organisation="beta")) == []
        assert home.numbered(replace(owner, chain="00" * 32)) == []


def test_chinese_shows_capitals_and_the_payee_with_its_code(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        run("holdings")
        short = stage.child.hex()[:10]
        output = run("call", "voucher", "offer", f"tranche={short}", "payee=gamma", "face=12.5万", "until=2022-07-05",
                     f"debt={'00' * 32}", "--yes", lang="zh")  # fmt: skip
        code = next(m.credit_code for m in stage.genesis.members if m.organisation == "gamma")
        assert f"gamma公司（gamma，统一社会信用代码尾号 {code[-6:]}）" in output
        assert "人民币 125,000.00 元（大写：壹拾贰万伍仟元整）" in output
        assert "2022年7月5日（星期二）" in output
        assert "已最终确认" in output


def test_a_refusal_has_code_sentence_and_numbers_and_exit_code_1(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        words = ("call", "voucher", "offer", f"tranche={stage.child.hex()}", "payee=gamma", "face=600,000",
                 "until=2022-07-05", f"debt={'00' * 32}", "--yes")  # fmt: skip
        output = run(*words, exit_code=1)
        assert "VOU-007 " in output
        assert "CNY 600,000.00" in output
        answer = run(*words, "--json", exit_code=1)
        assert (answer["ok"], answer["code"], answer["exit_code"]) == (False, "VOU-007", 1)
        assert (answer["numbers"]["asked"], answer["numbers"]["free"]) == (600_000 * YUAN, 500_000 * YUAN)
        assert len(answer["transaction"]) == 64


def test_holdings_are_proven_rows(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        assert "1,500,000.00" in run("holdings")
        answer = run("holdings", "--json")
        assert answer["total_fen"] == 1_500_000 * YUAN
        assert {row["issuer"] for row in answer["holdings"]} == {"core"}
        assert sorted(row["face"] for row in answer["holdings"]) == [300_000 * YUAN, 1_200_000 * YUAN]
        assert run("holdings", "--org", "beta", "--json")["total_fen"] == 500_000 * YUAN


def test_a_node_that_hides_a_holding_is_outvoted_and_named(stage, run):
    def hide(path, answer):
        return "gone" if path == "/views/voucher/held_by" else answer

    with serving(stage, hide, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        answer = run("holdings", "--json")
        assert answer["total_fen"] == 1_500_000 * YUAN
        assert answer["complaints"][0]["node"] == nodes[0].url


def test_trace_draws_the_whole_tree_and_says_that_it_is_complete(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        shown = run("trace", stage.child.hex())
        assert "live 2,000,000.00 + redeemed 0.00 + cancelled 0.00, issued 2,000,000.00: complete" in shown
        assert shown.count("└") + shown.count("├") == 5
        answer = run("trace", stage.offered.hex(), "--json")
        assert (answer["complete"], answer["issued_fen"], len(answer["tranches"])) == (True, 2_000_000 * YUAN, 5)


def test_evidence_is_written_and_verified_without_any_node(stage, run, tmp_path):
    file = tmp_path / "voucher.lgev"
    stage.done("beta", "membership", "enrol", stage.key("beta clerk"), ("make",))
    stage.done("beta clerk", "voucher", "split", stage.child, 100_000 * YUAN)
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        answer = run("evidence", "export", str(file), "--voucher", stage.child.hex(), "--json")
        assert (answer["sound"], answer["vouchers"][0]["complete"]) == (True, True)
    genesis = tmp_path / "genesis.cbor"
    genesis.write_bytes(stage.genesis.encode())
    verify = (
        "evidence",
        "verify",
        str(file),
        "--genesis",
        str(genesis),
        "--home",
        str(tmp_path / "court"),
        "--complete",
    )
    shown = run(*verify)
    assert "everything is proven" in shown
    assert "Pay CNY 500,000.00 of" in shown
    assert f"signed by {stage.key('alpha').hex()[:12]} @alpha" in shown
    assert f"signed by {stage.key('beta clerk').hex()[:12]} @beta" in shown
    assert "TEST CLOCK" in shown
    assert "nothing vouches" not in shown
    answer = run(*verify, "--json")
    assert answer["vouchers"][0]["missing_fen"] == 0
    assert all(line["proven"] for line in answer["lines"])


def test_an_altered_figure_is_named_with_exit_code_1(stage, run, tmp_path):
    file = tmp_path / "voucher.lgev"
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        run("evidence", "export", str(file), "--voucher", stage.root.hex())
    value = load(file.read_bytes())
    places = [i for i, item in enumerate(value[6]) if item[0] == 2 and item[2][0][:2] != b"\x00\x07"]
    assert places
    data = file.read_bytes()
    old = (500_000 * YUAN).to_bytes(4, "big")
    assert old in data
    file.write_bytes(data.replace(b"\x1a" + old, b"\x1a" + (500_000 * YUAN + 1).to_bytes(4, "big")))
    answer = run("evidence", "verify", str(file), "--json", exit_code=1)
    assert answer["code"] == "WAL-031"
    failing = [line for line in answer["lines"] if not line["proven"]]
    assert any("voucher.tranches" in line["en"] and "500,000.01" in line["en"] for line in failing)
    assert any("处是另一个值" in line["zh"] for line in failing), [line["zh"] for line in failing]
    assert [line["zh"] for line in failing if re.search("[a-z]{3,} [a-z]{2,} [a-z]{2,}", line["zh"])] == []
    assert (failing[0]["zh"] in answer["zh"], failing[0]["en"] in answer["en"]) == (True, True)
    assert "✗" in run("evidence", "verify", str(file), exit_code=1)


def test_an_incomplete_voucher_is_told(stage, run, tmp_path):
    file = tmp_path / "part.lgev"
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        root, child = stage.root.hex(), stage.child.hex()
        run("evidence", "export", str(file), "--row", f"voucher.roots:{root}", "--row", f"voucher.tranches:{child}")
    assert "NOT complete" in run("evidence", "verify", str(file))
    run("evidence", "verify", str(file), "--complete", exit_code=1)


def test_the_audit_of_a_right_chain_finds_nothing(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        answer = run("audit", "--json")
        assert (answer["violations"], answer["checked"]["tranches"]) == ([], 5)


def test_the_audit_names_what_is_wrong(stage, run):
    stage.given("voucher", "tranches", stage.child, tampered(stage, stage.child, face=600_000 * YUAN))
    stage.sealed.store(state_of(stage, "voucher", "tranches", stage.child))
    stage.done("alpha", "settlement", "register", bytes(32), "icbc")
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        answer = run("audit", "--json", exit_code=1)
    assert answer["code"] == "WAL-032"
    assert {violation["invariant"] for violation in answer["violations"]} == {"I1", "I2"}


def tampered(stage, tranche, **changes):
    row = vars(stage.tranche(tranche)) | changes
    return tuple(tuple(value) if isinstance(value, list) else value for value in row.values())


def state_of(stage, contract, map_name, key):
    where = stage.sealed.key_of(contract, map_name, (key,))
    return {where: stage.reader.get(b"s" + where)}


def test_a_checker_reads_the_act_and_signs_its_digest(stage, run):
    checker, maker = stage.key("checker"), stage.key("maker")
    stage.done("core", "membership", "enrol", maker, ("make",))
    stage.done("core", "membership", "enrol", checker, ("check",))
    line = stage.line(20_000_000 * YUAN)
    big = stage.issue("alpha", CHECKED_FROM_FEN + YUAN, line)
    stage.done("alpha", "membership", "enrol", stage.key("alpha checker"), ("check",))
    with serving(stage, None, None) as nodes:
        home = home_of(run.home, stage, nodes, "alpha")
        add_person(home, "alpha checker", "alpha", "alpha-checker")
        said = run(
            "call", "voucher", "offer", big.hex(), "beta", "5,000,001", "2022-07-05", "00" * 32, "--yes", "--json"
        )
        assert said["waits_for_checker"]
        assert stage.tranche(big).live
        shown = run("pending", "list", "--key", "alpha-checker")
        assert "Pay CNY 5,000,001.00 of" in shown
        assert "1 checker missing" in shown
        shown = run("inbox", "--key", "alpha-checker")
        assert "waits for a checker" in shown
        # What the checker was shown has no numbers for the maker; and he cannot check his own act.
        assert run("pending", "approve", "#1", "--yes", "--json", exit_code=2)["code"] == "WAL-017"
        run("pending", "list")
        refused = run("pending", "approve", "#1", "--yes", "--json", exit_code=1)
        assert refused["code"].startswith(("APR-", "AUTH-"))
        run("pending", "list", "--key", "alpha-checker")
        # Keys of people whom this wallet knows are these people.
        shown = run("pending", "approve", "#1", "--key", "alpha-checker", exit_code=5, input="n\n")
        assert "maker: alpha @alpha" in shown
        done = run("pending", "approve", "#1", "--yes", "--json", "--key", "alpha-checker")
        assert "Pay CNY 5,000,001.00" in done["act_sentence"]
        assert not stage.tranche(big).live
        assert run("pending", "list", "--json")["items"] == []


def add_person(home, name, organisation, label):
    from tests.catalogue.stage import secret_of
    from tests.ledger.toy_chain import SUITE
    from wallet.keystore import CHEAP, make_keystore

    home.add_keystore(
        make_keystore(SUITE, secret_of(name), PASSPHRASE, label=label, organisation=organisation, cost=CHEAP)
    )


def test_the_offline_path_goes_by_file_through_two_signers(stage, run, tmp_path):
    file = tmp_path / "draft.json"
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta", "gamma")
        other = stage.key("gamma").hex()
        run("call", "voucher", "offer", stage.child.hex(), "gamma", "1000", "2022-07-05", "00" * 32,
            "--draft", str(file), "--cosigner", other)  # fmt: skip
        early = run("submit", str(file), "--json", exit_code=2)
        assert (early["code"], early["numbers"]["count"]) == ("WAL-036", 2)
    # No node answers from here: signing needs none.
    assert "Pay CNY 1,000.00 of" in run("sign", str(file), "--yes")
    assert run("cosign", str(file), "--yes", "--key", "gamma", "--json")["missing"] == []
    assert run("sign", str(file), "--yes", "--key", "gamma", "--home", str(tmp_path / "nobody"), exit_code=2)
    with serving(stage, None, None) as nodes:
        answer = run("submit", str(file), "--json", "--node", nodes[0].url)
        assert answer["status"] == "done"
        assert stage.tranche(bytes.fromhex(answer["result"])).face == 1000 * YUAN


@pytest.mark.parametrize("field", ["body", "sentence", "interface", "names", "signatures", "format"])
def test_a_changed_draft_is_not_signed(stage, run, tmp_path, field):
    file = tmp_path / "draft.json"
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        run(
            "call",
            "voucher",
            "offer",
            stage.child.hex(),
            "gamma",
            "1000",
            "2022-07-05",
            "00" * 32,
            "--draft",
            str(file),
        )
    run("sign", str(file), "--yes")
    value = json.loads(file.read_text(encoding="utf-8"))
    if field == "names":
        value["names"]["gamma"][1] = "Another"
    elif field == "signatures":
        [(signer, signature)] = value["signatures"].items()
        value["signatures"] = {signer: signature[:-2] + ("00" if signature[-2:] != "00" else "01")}
    else:
        value[field] = value[field].replace("1", "2").replace("lugang", "gnagul")
    file.write_text(json.dumps(value), encoding="utf-8")
    assert run("sign", str(file), "--yes", "--json", exit_code=2)["code"] == "WAL-035"


def test_views_and_descriptions(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        answer = run("view", "voucher", "tranche", stage.child.hex(), "--json")
        assert (answer["result"]["owner"], answer["result"]["face"], answer["complete"]) == (
            "beta",
            500_000 * YUAN,
            True,
        )
        assert "2 nodes agree" in run("view", "voucher", "held_by", "owner=alpha")
        assert "voucher" in run("describe")
        shown = run("describe", "voucher", "offer")
        assert "who may: capacity supplier/core; the row's owner; checked by policy transfer" in shown
        assert "fen: 1,000.00 (CNY)" in shown
        assert run("describe", "voucher", "--json")["refusals"]


def test_receipts_by_the_beginning_of_their_id(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "gamma")
        made = run("call", "voucher", "refuse", stage.offered.hex(), "--yes", "--json")
        again = run("receipt", made["transaction"][:12], "--json")
        assert (again["state"], again["transaction"], again["status"]) == ("final", made["transaction"], "done")
        assert run("receipt", "ff" * 32, "--json")["state"] == "unknown"


def test_status_says_who_vouches_right_now(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        answer = run("status", "--json")
        assert answer["vouched_by"] == ["operator", "supervisor"]
        assert (answer["height"], answer["needed"], answer["test_clock"]) == (stage.sealed.height, 2, True)
        assert "TEST CLOCK" in run("status")


def test_exit_codes(stage, run, tmp_path, monkeypatch):
    assert run("inbox", "--json", exit_code=4)["code"] == "WAL-007"
    assert run("status", "--json", exit_code=2)["code"] == "WAL-010"
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        accept = ("call", "voucher", "offer", stage.child.hex(), "gamma", "1", "2022-07-05", "00" * 32)
        assert run(*accept, "--json", exit_code=5)["code"] == "WAL-040"
        assert "WAL-040" in run(*accept, exit_code=5, input="n\n")
        assert run(*accept, "--key", "nobody", "--json", exit_code=4)["code"] == "WAL-003"
        assert run("call", "voucher", "offer", "--json", exit_code=2)["code"] == "WAL-018"
        assert run("call", "voucher", "gone", "--json", exit_code=1)["code"] == "TX-008"
        assert run("view", "voucher", "tranche", "abcdef", "--json", exit_code=2)["code"] == "WAL-013"
        monkeypatch.setenv("LUGANG_PASSPHRASE", "wrong")
        assert run(*accept, "--yes", "--json", exit_code=4)["code"] == "WAL-001"
        monkeypatch.delenv("LUGANG_PASSPHRASE")
        assert run(*accept, "--yes", "--json", exit_code=4)["code"] == "WAL-006"
        (tmp_path / "passphrase").write_text(PASSPHRASE + "\n", encoding="utf-8")
        assert run(*accept, "--yes", "--json", "--passphrase-file", str(tmp_path / "passphrase"))["ok"]
    assert run("holdings", "--json", exit_code=3)["code"] == "WAL-020"
    assert run("inbox", "--lang-is-wrong", exit_code=2)
    other = tmp_path / "other.cbor"
    other.write_bytes(EngineChain._genesis(("xray", "yankee"), ()).encode())
    assert run("status", "--genesis", str(other), "--json", exit_code=2)["code"] == "WAL-015"


def test_identities_are_made_listed_shown_and_restored(run, tmp_path):
    new = ("key", "new", "chen", "--org", "hongda", "--suite", "intl", "--test-key")
    made = run(*new, "--json")
    assert len(made["words"].split()) == 24
    assert run(*new, "--json", exit_code=4)["code"] == "WAL-004"
    assert made["public_key"] in run("key", "list")
    assert run("key", "show", "chen", "--words", "en", "--json")["words"] == made["words"]
    assert "a key for tests" in run("key", "show", "chen")
    words = tmp_path / "words"
    words.write_text(made["words"], encoding="utf-8")
    restore = (
        "key",
        "restore",
        "again",
        "--org",
        "hongda",
        "--suite",
        "intl",
        "--test-key",
        "--words-file",
        str(words),
    )
    assert run(*restore, "--json")["public_key"] == made["public_key"]
    run("key", "use", "again")
    assert run("key", "list", "--json")["chosen"] == "again"
    words.write_text(words_of(bytes(32), "en").replace("art", "zoo"), encoding="utf-8")
    assert run("key", "restore", "third", *restore[3:], "--json", exit_code=4)["code"] == "WAL-005"


def test_backups_go_through_pipes_and_between_folders(run, tmp_path):
    base = ("--org", "hongda", "--suite", "intl", "--test-key")
    made = run("key", "new", "chen", *base, "--words", "zh", "--json")
    for number, text in enumerate((made["words"], made["words"].replace(" ", ""), f"  {made['words']}\n\n")):
        words = ("key", "restore", "chen", *base, "--home", str(tmp_path / str(number)), "--json")
        assert run(*words, input=text)["public_key"] == made["public_key"]
    shown = run("key", "show", "chen", "--words", "en", "--home", str(tmp_path / "1"), "--json")["words"]
    assert run("key", "restore", "other", *base, "--json", input=shown)["public_key"] == made["public_key"]
    # What was read is never quoted: it may be most of a secret.
    half = tmp_path / "half"
    half.write_bytes(made["words"].encode() + b"\xff")
    for option in ("--words-file", "--passphrase-file"):
        answer = run("key", "restore", "x", *base, option, str(half), "--json", input=made["words"], exit_code=2)
        assert (answer["code"], answer["numbers"]["detail"]) == ("WAL-014", "not UTF-8")


def test_a_new_identity_needs_a_passphrase_and_an_organisation(run, tmp_path, monkeypatch):
    base = ("key", "new", "chen", "--suite", "intl", "--test-key", "--json")
    assert run(*base, "--org", "Bad Org!", exit_code=2)["code"] == "WAL-011"
    monkeypatch.setenv("LUGANG_PASSPHRASE", "")
    assert run(*base, "--org", "hongda", exit_code=4)["code"] == "WAL-006"
    assert run("key", "list", "--json")["identities"] == []


def test_the_passphrase_stands_in_no_file_and_in_no_answer(stage, run, tmp_path, monkeypatch):
    secret = "a-passphrase-that-nobody-guesses"
    monkeypatch.setenv("LUGANG_PASSPHRASE", secret)
    said = [run("key", "new", "chen", "--org", "beta", "--suite", "intl", "--test-key")]
    said.append(run("key", "show", "chen", "--words", "en"))
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        words = ("call", "voucher", "offer", stage.child.hex(), "gamma", "1", "2022-07-05", "00" * 32, "--yes")
        said.append(run(*words, exit_code=4))
        said.append(run("call", "voucher", "offer", "--json", exit_code=2)["en"])
    assert not any(secret in text for text in said)
    assert not any(secret.encode() in path.read_bytes() for path in run.home.rglob("*") if path.is_file())
    options = {name for command in COMMANDS.values() for option in command.params for name in option.opts}
    assert not any("passphrase" in name for name in options - {"--passphrase-file"})


def test_the_wallets_codes_are_documented():
    text = (Path(__file__).parents[2] / "docs" / "wallet.md").read_text(encoding="utf-8")
    for code, refusal in WALLET_REFUSALS.items():
        assert f"| {code} | {refusal.zh} | {refusal.en} |" in text


def test_the_rules_of_the_books_can_fail():
    """Each invariant against a book that breaks it and nothing else."""
    a, b, c = (bytes(33) + bytes([n]) for n in (1, 2, 3))
    root = {"face": 100, "redeemed": 0, "cancelled": 0}
    tranche = {"root": a, "face": 100, "live": True, "parent": None, "sources": (), "lock": "free"}
    line = {"limit": 100, "reserved": 0, "occupied": 40, "frozen": 0, "parent": None}
    use = {"line": a, "amount": 40}
    invoice, part = {"gross": 100, "used": 40}, {"amount": 40}
    financing = {"tranche": a, "face": 100, "status": "financed"}
    redemption, payout, claim = {"phase": "due", "total": 100}, {"paid": 0}, {"root": a, "face": 100, "paid": 0}
    right = Books(
        {a: root}, {a: tranche}, {b: financing}, {a: redemption}, {a: payout}, {a: claim}, {c: invoice}, {(a, c): part},
        {a: line}, {a: use},
    )  # fmt: skip
    assert check(right) == []
    children = {
        a: {**tranche, "live": False},
        b: {**tranche, "parent": a, "face": 60},
        c: {**tranche, "parent": a, "face": 39},
    }
    for name, invariants, changes in (
        ("roots", {"I1"}, {a: {**root, "face": 101}}),
        ("tranches", {"I1", "I2"}, children),
        ("tranches", {"I1", "I3"}, {a: {**tranche, "face": 99}}),
        ("tranches", {"I4"}, {a: tranche, b: {**tranche, "root": b, "parent": c, "live": False, "face": 1}}),
        ("claims", {"I5"}, {a: {**claim, "face": 99}}),
        ("payouts", {"I5"}, {a: {"paid": 1}}),
        ("tranches", {"I6", "I1"}, {a: {**tranche, "live": False, "lock": "offer"}}),
        ("invoices", {"I7"}, {c: {**invoice, "gross": 39}}),
        ("invoice_uses", {"I7"}, {}),
        ("line_uses", {"I8"}, {}),
        ("lines", {"I8"}, {a: {**line, "frozen": -1}}),
    ):
        books = Books(**{field: dict(getattr(right, field)) for field in Books.__slots__})
        setattr(books, name, changes)
        found = {violation.invariant for violation in check(books)}
        assert invariants <= found, (name, found)
