"""Before anybody proposes or votes: what would change, from what to what, read from proven rows."""

from __future__ import annotations

from tests.wallet.conftest import YUAN
from tests.wallet.engine_chain import home_of, serving


def propose(run, action, *words):
    answer = run("call", "governance", action, *words, "--yes", "--json", "--key", "supervisor")
    return answer["effects"][0], answer["result"]


def test_a_parameter_goes_from_its_value_to_the_new_one(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "operator", "supervisor")
        words = ("name=voucher_level_max", "value=8", "from_day=2022-07-08")
        effect, proposal = propose(run, "propose_parameter", *words)
        assert effect["en"] == "parameter voucher_level_max: 10 → 8 from 2022-07-08 (Friday)"
        assert effect["zh"] == "参数 voucher_level_max：10 → 8，自 2022年7月8日（星期五） 起"
        # Who votes reads the same, of the proposal that is on the chain.
        voting = run("call", "governance", "approve", proposal, "--yes", "--key", "supervisor")
        assert "Effect: parameter voucher_level_max: 10 → 8 from 2022-07-08 (Friday)" in voting
        # It is in force from then on: a later proposal begins where this one ends.
        words = ("name=voucher_level_max", "value=9", "from_day=2022-07-09")
        assert propose(run, "propose_parameter", *words)[0]["en"].startswith("parameter voucher_level_max: 8 → 9 ")
        # Of one that would come before it, until when it holds.
        words = ("name=voucher_level_max", "value=7", "from_day=2022-07-07")
        said = propose(run, "propose_parameter", *words)[0]["en"]
        assert said.startswith("parameter voucher_level_max: 10 → 7 from 2022-07-07 (Thursday), until it is 8 from ")


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
        assert effect["en"] == f"checkers under policy transfer: 0 from 0.00, 1 from {5_000_000:,}.00 → 1 from 0.00"
        own = ("name=transfer", f"bands=0:0;{YUAN}:2", "--yes", "--json", "--key", "alpha")
        shown = run("call", "governance", "set_policy", *own)["effects"]
        assert shown[0]["zh"].endswith("→ 0.00 起 0 人、100.00 起 2 人")
        effect, _ = propose(run, "propose_status", "name=credential", "state=frozen")
        assert effect == {"zh": "合约 credential：有效 → 已冻结", "en": "contract credential: active → frozen"}
        effect, _ = propose(run, "propose_ballot", "kind=parameter", "roles=supervisor;collector", "count=2")
        assert effect["en"] == "proposals of kind parameter: 1 of supervisor → 2 of supervisor/collector"
        assert effect["zh"].endswith("主管控制方 中 1 家 → 主管控制方、采集控制方 中 2 家")
