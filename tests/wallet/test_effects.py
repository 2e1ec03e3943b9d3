"""Before anybody proposes or votes: what would change, from what to what, read from proven rows."""

from __future__ import annotations

import re

from contracts.rehearsal import CATALOGUE
from devnet import rulebook
from ledger.settings import PARAMETERS, POLICIES
from tests.wallet.conftest import YUAN
from tests.wallet.engine_chain import home_of, serving

LEVELS = "voucher_level_max (most levels that a voucher passes down)"


def propose(run, action, *words):
    answer = run("call", "governance", action, *words, "--yes", "--json", "--key", "supervisor")
    return answer["effects"][0], answer["result"]


def test_a_parameter_goes_from_its_value_to_the_new_one(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "operator", "supervisor")
        words = ("name=voucher_level_max", "value=8", "from_day=2022-07-08")
        effect, proposal = propose(run, "propose_parameter", *words)
        assert effect["en"] == f"parameter {LEVELS}: 10 → 8 from 2022-07-08 (Friday)"
        assert effect["zh"] == "参数 voucher_level_max（最多流转层级）：10 → 8，自 2022年7月8日（星期五）起"
        # Who votes reads the same, of the proposal that is on the chain.
        voting = run("call", "governance", "approve", proposal, "--yes", "--key", "supervisor")
        assert f"Effect: parameter {LEVELS}: 10 → 8 from 2022-07-08 (Friday)" in voting
        # It is in force from then on: a later proposal begins where this one ends.
        words = ("name=voucher_level_max", "value=9", "from_day=2022-07-09")
        assert propose(run, "propose_parameter", *words)[0]["en"].startswith(f"parameter {LEVELS}: 8 → 9 ")
        # Of one that would come before it, until when it holds.
        words = ("name=voucher_level_max", "value=7", "from_day=2022-07-07")
        said = propose(run, "propose_parameter", *words)[0]["en"]
        assert said.startswith(f"parameter {LEVELS}: 10 → 7 from 2022-07-07 (Thursday), until it is 8 from ")


def test_a_misspelt_name_is_said_to_be_new(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "operator", "supervisor")
        words = ("name=voucher_levels_max", "value=8", "from_day=2022-07-08")
        effect, _ = propose(run, "propose_parameter", *words)
        assert "目前没有" in effect["zh"]
        assert "check the name" in effect["en"]
        effect, _ = propose(run, "propose_policy", "name=trasnfer", "bands=0:0;1,000:1")
        assert "there is no policy trasnfer" in effect["en"]


def test_policies_contracts_and_ballots(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "operator", "supervisor", "alpha")
        effect, _ = propose(run, "propose_policy", "name=transfer", "bands=0:1")
        policy = "checkers under policy transfer (passing vouchers on)"
        assert effect["en"] == f"{policy}: 0 from 0.00, 1 from {5_000_000:,}.00 → 1 from 0.00"
        own = ("name=transfer", f"bands=0:0;{YUAN}:2", "--yes", "--json", "--key", "alpha")
        shown = run("call", "governance", "set_policy", *own)["effects"]
        assert shown[0]["zh"].endswith("→ 0.00 起 0 人、100.00 起 2 人")
        effect, _ = propose(run, "propose_status", "name=credential", "state=frozen")
        assert effect == {"zh": "合约 credential：有效 → 已冻结", "en": "contract credential: active → frozen"}
        effect, _ = propose(run, "propose_ballot", "kind=parameter", "roles=supervisor;collector", "count=2")
        assert effect["en"] == "proposals of kind parameter: 1 of supervisor → 2 of supervisor/collector"
        assert effect["zh"] == "参数类提案：主管控制方中 1 家 → 主管控制方、采集控制方中 2 家"


def test_what_is_signed_says_what_a_parameter_or_a_policy_is(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "operator", "supervisor")
        said = {}
        for lang in ("zh", "en"):
            words = ("name=voucher_penalty_rate", "value=90000", "from_day=2022-07-08", "--yes", "--json")
            said[lang] = run("call", "governance", "propose_parameter", *words, lang=lang)["sentence"]
        assert "参数 voucher_penalty_rate（逾期罚息年利率，百万分之一）自 2022年" in said["zh"]
        assert "（星期五）起为 90,000" in said["zh"]
        assert "Propose voucher_penalty_rate (penalty a year on what is late, parts per million) to be" in said["en"]
        policy = run("call", "governance", "propose_policy", "name=issue", "bands=0:1", "--yes", "--json")
        assert "the policy issue (issuing vouchers) for all" in policy["sentence"]
        # A name that nobody knows is quoted as it is.
        typed = run("call", "governance", "propose_policy", "name=isue", "bands=0:1", "--yes", "--json")
        assert 'the policy "isue" for all' in typed["sentence"]


def test_every_parameter_and_policy_of_the_catalogue_has_its_words():
    sources = "".join(path.read_text(encoding="utf-8") for path in CATALOGUE.glob("*.py"))
    assert set(re.findall(r'ctx\.parameter(?:_on)?\(\s*"(\w+)"', sources)) == set(PARAMETERS)
    assert set(re.findall(r'policy="(\w+)"', sources)) == set(POLICIES)
    assert set(rulebook.PARAMETERS) == set(PARAMETERS)
    assert set(rulebook.POLICIES) == set(POLICIES)
