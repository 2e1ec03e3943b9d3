# The operator invites, the supervisor admits and licenses, the administrator enrols people.
firm a: role user
firm bk: role user; capacity bank
day 2022-06-30

operator  membership.invite f1 甲公司 "Firm One" 91350100M000100Y43 ann document=@letter
----
organisations f1: name_zh=甲公司 name_en="Firm One" credit_code=91350100M000100Y43 roles=[] status=applied administrator=ann since=2022-06-30 document=@letter
people ann: organisation=f1 permissions=[admin, make, check] status=active since=2022-06-30
codes 91350100M000100Y43: organisation=f1
looks 甲公司: organisation=f1
looks firmone: organisation=f1
event StatusChanged organisation=f1 status=applied document=@letter

# The same code, another name: refused with who has it.
operator  membership.invite f2 乙公司 "Firm Two" 91350100M000100Y43 bob document=@letter
----
refused MEM-003 code=91350100M000100Y43 organisation=f1: 统一社会信用代码 91350100M000100Y43 已属于 f1 | 91350100M000100Y43 belongs to f1

operator  membership.invite f2 乙公司 "Firm Two" 911100006000373410 bob document=@letter
----
refused MEM-002 code=911100006000373410: 统一社会信用代码 911100006000373410 不正确 | 911100006000373410 is no credit code

# Names that people would take for one another: other width, spacing and capitals; a character that is no name's.
operator  membership.invite f2 "甲 公司" "Firm Two" 91110000600037341L bob document=@letter
----
refused MEM-014 name="甲 公司" organisation=f1: 名称 "甲 公司" 与 f1 的名称看上去相同 | the name "甲 公司" looks like that of f1

operator  membership.invite f2 乙公司 "ＦＩＲＭ　ｏｎｅ" 91110000600037341L bob document=@letter
----
refused MEM-014 name="ＦＩＲＭ　ｏｎｅ" organisation=f1: 名称 "ＦＩＲＭ　ｏｎｅ" 与 f1 的名称看上去相同 | the name "ＦＩＲＭ　ｏｎｅ" looks like that of f1

operator  membership.invite f2 乙公司 "Firm Тwо" 91110000600037341L bob document=@letter
----
refused MEM-015 name="Firm Тwо": 名称 "Firm Тwо" 须由汉字、拉丁字母、数字与常用标点组成 | the name "Firm Тwо" must consist of Chinese characters, Latin letters, digits and common marks

a  membership.invite f2 乙公司 "Firm Two" 91110000600037341L bob document=@letter
----
refused AUTH-004 needed=operator organisation=a: 需要角色 operator，a 没有 | needs the role operator, a does not have it

# Not admitted yet, so its administrator can do nothing.
ann  membership.enrol carl permissions=[make]
----
refused AUTH-002 organisation=f1 status=applied: 机构 f1 状态为 applied，不能办理 | organisation f1 is applied

ask membership.to_admit supervisor
----
result [(f1, {name_zh=甲公司 name_en="Firm One" credit_code=91350100M000100Y43 roles=[] status=applied administrator=ann since=2022-06-30 document=@letter statement_key=- successor=-})]

ask membership.to_admit a
----
result []

supervisor  membership.admit [f1] roles=[subject, user]
----
organisations f1: roles=[subject, user] status=active
event StatusChanged organisation=f1 status=active document=@letter

ann  membership.enrol carl permissions=[make]
----
people carl: organisation=f1 permissions=[make] status=active since=2022-06-30
event PersonChanged organisation=f1 person=carl status=active permissions=[make]

a  membership.enrol carl permissions=[make]
----
refused MEM-004 organisation=f1: 该密钥已登记于 f1 | the key is registered with f1

carl  membership.enrol dora permissions=[make]
----
refused AUTH-006 key=carl needed=admin: 人员 carl 没有权限 admin | person carl lacks the permission admin

a  membership.permit carl permissions=[make, check]
----
refused AUTH-003 field=organisation party=f1 caller=a: 该记录的 organisation 是 f1，不是 a | the organisation is f1, not a

supervisor  membership.license f1 supplier until=2022-12-31 document=@licence
----
capacities f1 supplier: until=2022-12-31 document=@licence
event CapacityChanged organisation=f1 capacity=supplier until=2022-12-31

a  membership.license f1 bank until=2022-12-31 document=@licence
----
refused AUTH-004 needed=supervisor organisation=a: 需要角色 supervisor，a 没有 | needs the role supervisor, a does not have it

ask membership.capacities_of f1
----
result [(supplier, 2022-12-31)]

supervisor  membership.suspend f1 order=@order-7
----
organisations f1: status=suspended document=@order-7
event StatusChanged organisation=f1 status=suspended document=@order-7

carl  membership.enrol dora permissions=[make]
----
refused AUTH-002 organisation=f1 status=suspended: 机构 f1 状态为 suspended，不能办理 | organisation f1 is suspended

supervisor  membership.reinstate f1 order=@order-8
----
organisations f1: status=active document=@order-8
event StatusChanged organisation=f1 status=active document=@order-8

# The key is lost: the old one has 72 hours to object.
supervisor  membership.recover f1 anna document=@proof
----
recoveries f1: administrator=anna document=@proof at=1656810020000
event RecoveryChanged organisation=f1 status=started

ask membership.to_object f1
----
result [(f1, {administrator=anna document=@proof at=1656810020000})]

ask membership.to_take_over supervisor
----
result [(f1, {administrator=anna document=@proof at=1656810020000})]

supervisor  membership.take_over f1
----
refused MEM-011 at=1656810020000: 异议期未满，至 1656810020000 | the old key may object until 1656810020000

ann  membership.object
----
recoveries f1: removed
event RecoveryChanged organisation=f1 status=objected

ask membership.to_object f1
----
result []

supervisor  membership.recover f1 anna document=@proof
----
recoveries f1: administrator=anna document=@proof at=1656810023000
event RecoveryChanged organisation=f1 status=started

day 2022-07-04

supervisor  membership.take_over f1
----
organisations f1: administrator=anna
people ann: permissions=[] status=retired
people anna: organisation=f1 permissions=[admin, make, check] status=active since=2022-07-04
recoveries f1: removed
event PersonChanged organisation=f1 person=anna status=active permissions=[admin, make, check]
event RecoveryChanged organisation=f1 status=done

ann  membership.enrol dora permissions=[make]
----
refused AUTH-001 key=ann: 密钥 ann 未登记 | key ann is not registered

anna  membership.retire carl
----
people carl: permissions=[] status=retired
event PersonChanged organisation=f1 person=carl status=retired permissions=[]

anna  membership.rotate annette
----
organisations f1: administrator=annette
people anna: permissions=[] status=retired
people annette: organisation=f1 permissions=[admin, make, check] status=active since=2022-07-04
event PersonChanged organisation=f1 person=annette status=active permissions=[admin, make, check]

bk  membership.set_statement_key bank-key
----
organisations bk: statement_key=bank-key
event StatusChanged organisation=bk status=active document=-

a  membership.set_statement_key bank-key
----
refused AUTH-005 needed=bank organisation=a: 需要资质 bank，a 没有或已过期 | needs the capacity bank, a lacks it or it has lapsed

supervisor  membership.succeed f1 a order=@merger
----
organisations f1: status=left document=@merger successor=a
event Succeeded organisation=f1 successor=a status=left

ask membership.list_organisations
----
result [a, bk, f1, operator, supervisor]
