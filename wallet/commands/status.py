"""`lugang status`: the nodes as they describe themselves, and the height that validators vouch for right now."""

from __future__ import annotations

from typing import Any

from ledger.language import half_of
from ledger.wording import show_day
from wallet.client import no_answer
from wallet.console import App, wallet_command

MODES = {"starting": "启动中", "voting": "参与表决", "observer": "仅观察", "halted": "已停机"}


@wallet_command("status", "节点与链的状况", "the nodes and the chain")
def status(app: App) -> dict[str, Any]:
    session = app.session
    rows = session.client.statuses()
    height, organisations = session.client.freshness()
    needed = session.client.trust.nodes_needed()
    lines, objects = [], []
    for url, found, wrong in rows:
        if found is None:
            lines.append((url, app.words("无应答", "no answer"), "", "", "", wrong[:60]))
        else:
            lines.append(
                (
                    url,
                    found.organisation,
                    app.words(MODES.get(found.mode, found.mode), found.mode),
                    str(found.certified),
                    str(found.pool_count),
                    wrong,
                )
            )
        objects.append(
            {"node": url, "status": None if found is None else found.model_dump(mode="json"), "wrong": wrong}
        )
    heads = (("节点", "node"), ("机构", "organisation"), ("状态", "mode"), ("认证高度", "certified"),
             ("待处理", "waiting"), ("", ""))  # fmt: skip
    app.table(heads, lines)
    test_clock = session.genesis.clock_first_day is not None
    days = [found.day for _, found, _ in rows if found is not None]
    if test_clock:
        day = show_day(max(days), app.language) if days else ""
        app.say(f"TEST CLOCK 测试时钟 {day}", f"TEST CLOCK {day}")
    signers = ", ".join(organisations)
    name = f"{half_of(session.genesis.name, app.language)} {session.chain.hex()[:16]}…"
    app.say(f"链 {name}，高度 {height}", f"chain {name}, height {height}")
    app.say(
        f"当场签认：{signers or '无'}（需 {needed}）", f"vouched for just now: {signers or 'nobody'} ({needed} needed)"
    )
    answer = {"chain": session.chain.hex(), "name": session.genesis.name, "height": height, "vouched_by": organisations,
              "needed": needed, "test_clock": test_clock, "nodes": objects}  # fmt: skip
    if all(found is None for _, found, _ in rows):
        app.facts.update(answer)
        raise no_answer([(url, wrong) for url, _, wrong in rows])
    return answer
