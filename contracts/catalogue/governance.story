# Proposals of every kind: who proposes, who approves, when it holds.
firm a: role collector; capacity core
firm b: role subject; capacity bank
day 2022-06-30

# The operator uploads; what the chain's check refuses is refused with line and reason.
operator  governance.upload pledge source="import os" height=5
----
refused CHK-005 line=1 what=Import: 第 1 行：不允许的写法 Import | line 1: Import is not part of the language

a  governance.propose_parameter split_min 100 from_day=2022-07-01
----
refused AUTH-004 needed=operator/supervisor organisation=a: 需要角色 operator/supervisor，a 没有 | needs the role operator/supervisor, a does not have it

operator  governance.propose_parameter split_min 100 from_day=2022-07-01
----
proposals p1: kind=parameter proposer=operator name=split_min until=2022-07-30 value=100 from_day=2022-07-01
event Proposed proposal=p1 kind=parameter name=split_min proposer=operator

ask governance.to_approve supervisor
----
result [(p1, {kind=parameter proposer=operator name=split_min until=2022-07-30 status=draft approvals=[] source=- interface=- height=- value=100 from_day=2022-07-01 organisation="" bands=[] roles=[] state="" key=- transport_key=0x addresses=[] open=yes due=-})]

ask governance.to_approve operator
----
result []

operator  governance.approve p1
----
refused GOV-004 kind=parameter roles=supervisor: parameter 类提案须由 supervisor 批准 | a parameter is approved by supervisor

supervisor  governance.approve p1
----
parameters split_min: steps=[(2022-07-01, 100)]
proposals p1: status=done approvals=[supervisor] open=no
event Approved proposal=p1 organisation=supervisor missing=0
event Done proposal=p1 kind=parameter name=split_min outcome=done

ask governance.to_approve supervisor
----
result []

supervisor  governance.approve p1
----
refused GOV-002 status=done: 提案状态为 done | the proposal is done

ask governance.parameter split_min
----
result [(2022-07-01, 100)]

# From now on a parameter needs the supervisor and one more.
supervisor  governance.propose_ballot parameter roles=[supervisor, collector, subject] count=2
----
proposals p2: kind=ballot proposer=supervisor name=parameter until=2022-07-30 value=2 roles=[supervisor, collector, subject]
event Proposed proposal=p2 kind=ballot name=parameter proposer=supervisor

supervisor  governance.approve p2
----
ballots parameter: roles=[supervisor, collector, subject] count=2
proposals p2: status=done approvals=[supervisor] open=no
event Approved proposal=p2 organisation=supervisor missing=0
event Done proposal=p2 kind=ballot name=parameter outcome=done

operator  governance.propose_parameter split_min 200 from_day=2022-08-01
----
proposals p3: kind=parameter proposer=operator name=split_min until=2022-07-30 value=200 from_day=2022-08-01
event Proposed proposal=p3 kind=parameter name=split_min proposer=operator

supervisor  governance.approve p3
----
proposals p3: approvals=[supervisor]
event Approved proposal=p3 organisation=supervisor missing=1

ask governance.to_approve supervisor
----
result []

ask governance.to_approve a
----
result [(p3, {kind=parameter proposer=operator name=split_min until=2022-07-30 status=draft approvals=[supervisor] source=- interface=- height=- value=200 from_day=2022-08-01 organisation="" bands=[] roles=[] state="" key=- transport_key=0x addresses=[] open=yes due=-})]

supervisor  governance.approve p3
----
refused GOV-003 organisation=supervisor: supervisor 已经批准过 | supervisor has approved before

a  governance.approve p3
----
parameters split_min: steps=[(2022-07-01, 100), (2022-08-01, 200)]
proposals p3: status=done approvals=[supervisor, a] open=no
event Approved proposal=p3 organisation=a missing=0
event Done proposal=p3 kind=parameter name=split_min outcome=done

# What the chain cannot do without is not frozen; another contract is, at once, and can still be read.
operator  governance.propose_status calendar state=frozen
----
refused GOV-012 name=calendar: 系统合约 calendar 不能冻结或退役 | the chain cannot do without calendar

operator  governance.propose_status credit state=frozen
----
proposals p4: kind=status proposer=operator name=credit until=2022-07-30 state=frozen
event Proposed proposal=p4 kind=status name=credit proposer=operator

supervisor  governance.approve p4
----
contracts credit: status=frozen
proposals p4: status=done approvals=[supervisor] open=no
event Approved proposal=p4 organisation=supervisor missing=0
event Done proposal=p4 kind=status name=credit outcome=done

b  credit.grant a 1.00 trial no
----
refused TX-011 contract=credit: 合约 credit 已冻结 | contract credit is frozen

ask credit.lines_granted b
----
result []

operator  governance.propose_status credit state=active
----
proposals p5: kind=status proposer=operator name=credit until=2022-07-30 state=active
event Proposed proposal=p5 kind=status name=credit proposer=operator

supervisor  governance.approve p5
----
contracts credit: status=active
proposals p5: status=done approvals=[supervisor] open=no
event Approved proposal=p5 organisation=supervisor missing=0
event Done proposal=p5 kind=status name=credit outcome=done

b  credit.grant a 1.00 trial no
----
lines l1: funder=b core=a parent=- product=trial limit=1.00 revolving=no
event Granted line=l1 funder=b core=a limit=1.00

a  governance.set_policy transfer bands=[{from_amount=0.00 checkers=0}, {from_amount=1,000,000.00 checkers=1}]
----
policies a transfer: bands=[{from_amount=0.00 checkers=0}, {from_amount=1,000,000.00 checkers=1}]

a  governance.set_policy transfer bands=[{from_amount=1.00 checkers=0}]
----
refused GOV-006: 额度档位须从 0 起递增 | bands begin at 0 and rise

operator  governance.propose_validator newkey b transport_key=0x01 addresses=["/ip4/127.0.0.1/tcp/1"] leaves=no
----
refused GOV-013 key=newkey organisation=b: b 的 newkey 不能成为验证节点：公钥、机构、通信公钥或地址无效，或通信公钥已属于其他节点 | newkey of b cannot validate: the key, the organisation, the addresses, or the transport key, which may be another's

operator  governance.propose_validator newkey b transport_key=0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a addresses=["/ip4/127.0.0.1/tcp/1"] leaves=no
----
proposals p6: kind=validator proposer=operator name=join until=2022-07-30 organisation=b key=newkey transport_key=0xd75a980182b10ab7… addresses=[/ip4/127.0.0.1/tcp/1]
event Proposed proposal=p6 kind=validator name=join proposer=operator

operator  governance.withdraw p6
----
proposals p6: status=withdrawn open=no
event Done proposal=p6 kind=validator name=join outcome=withdrawn

supervisor  governance.approve p6
----
refused GOV-002 status=withdrawn: 提案状态为 withdrawn | the proposal is withdrawn

operator  governance.propose_parameter split_min 300 from_day=2022-09-01
----
proposals p7: kind=parameter proposer=operator name=split_min until=2022-07-30 value=300 from_day=2022-09-01
event Proposed proposal=p7 kind=parameter name=split_min proposer=operator

day 2022-08-01
----
governance.proposals p7: status=lapsed open=no
sweep event Done proposal=p7 kind=parameter name=split_min outcome=lapsed
