# Above its organisation's band an act waits until enough other people of that organisation have approved it.
firm bk: role user; capacity bank
firm core: role subject; capacity core
person mia of bk: make
person cai of bk: check
person dan of bk: check
person eve of core: check
policy credit of bk: 0.00=0, 1,000.00=1, 1,000,000.00=2
day 2022-06-30

# Below the band: done at once.
mia  credit.grant core 999.99 product=main revolving=yes
----
lines l1: funder=bk core=core parent=- product=main limit=999.99 revolving=yes
event Granted line=l1 funder=bk core=core limit=999.99

# Above: it waits. Neither the maker nor another organisation's checker can approve it, nor anybody something else.
mia  credit.grant core 5,000.00 product=main revolving=yes
----
approval.items i1: organisation=bk maker=mia contract=credit action=grant arguments=0x8464636f72651a00… interface=@1 act=@2 amount=5,000.00 needed=1 checkers=[] signers=[mia] until=2022-07-30
event approval.Waiting item=i1 organisation=bk contract=credit action=grant act=@2 amount=5,000.00 needed=1

cai  approval.approve i1 act=@something said="授信"
----
refused APR-001: 复核的内容与待复核事项不一致 | this is not the act that waits

mia  approval.approve i1 act=@2 said="授信"
----
refused AUTH-006 key=mia needed=check: 人员 mia 没有权限 check | person mia lacks the permission check

eve  approval.approve i1 act=@2 said="授信"
----
refused AUTH-003 field=organisation party=bk caller=core: 该记录的 organisation 是 bk，不是 core | the organisation is bk, not core

cai  approval.approve i1 act=@2 said="授信"
----
items i1: removed
credit.lines l2: funder=bk core=core parent=- product=main limit=5,000.00 revolving=yes
event Approved item=i1 checker=cai missing=0
event Ended item=i1 organisation=bk outcome=done
event credit.Granted line=l2 funder=bk core=core limit=5,000.00

cai  approval.approve i1 act=@2 said="授信"
----
refused EXE-003 key=i1 map=items: 没有记录 i1（表 items） | no record i1 in items

# Co-signed by a checker: no waiting.
mia+cai  credit.grant core 6,000.00 product=main revolving=yes
----
lines l3: funder=bk core=core parent=- product=main limit=6,000.00 revolving=yes
event Granted line=l3 funder=bk core=core limit=6,000.00

# Two checkers are needed, and the same one counts once.
mia+cai  credit.grant core 2,000,000.00 product=main revolving=yes
----
approval.items i2: organisation=bk maker=mia contract=credit action=grant arguments=0x8464636f72651a0b… interface=@1 act=@3 amount=2,000,000.00 needed=2 checkers=[cai] signers=[mia, cai] until=2022-07-30
event approval.Waiting item=i2 organisation=bk contract=credit action=grant act=@3 amount=2,000,000.00 needed=1

cai  approval.approve i2 act=@3 said="授信"
----
refused APR-002: 经办人与复核人不得为同一人 | the checker is the maker, or has approved before

dan  approval.approve i2 act=@3 said="授信"
----
items i2: removed
credit.lines l4: funder=bk core=core parent=- product=main limit=2,000,000.00 revolving=yes
event Approved item=i2 checker=dan missing=0
event Ended item=i2 organisation=bk outcome=done
event credit.Granted line=l4 funder=bk core=core limit=2,000,000.00

mia  credit.grant core 7,000.00 product=main revolving=yes
----
approval.items i3: organisation=bk maker=mia contract=credit action=grant arguments=0x8464636f72651a00… interface=@1 act=@4 amount=7,000.00 needed=1 checkers=[] signers=[mia] until=2022-07-30
event approval.Waiting item=i3 organisation=bk contract=credit action=grant act=@4 amount=7,000.00 needed=1

dan  approval.reject i3
----
items i3: removed
event Ended item=i3 organisation=bk outcome=rejected

mia  credit.grant core 8,000.00 product=main revolving=yes
----
approval.items i4: organisation=bk maker=mia contract=credit action=grant arguments=0x8464636f72651a00… interface=@1 act=@5 amount=8,000.00 needed=1 checkers=[] signers=[mia] until=2022-07-30
event approval.Waiting item=i4 organisation=bk contract=credit action=grant act=@5 amount=8,000.00 needed=1

ask approval.waiting_in bk
----
result [i4]

mia  approval.withdraw i4
----
items i4: removed
event Ended item=i4 organisation=bk outcome=withdrawn

# What nobody decides lapses after 30 days.
mia  credit.grant core 9,000.00 product=main revolving=yes
----
approval.items i5: organisation=bk maker=mia contract=credit action=grant arguments=0x8464636f72651a00… interface=@1 act=@6 amount=9,000.00 needed=1 checkers=[] signers=[mia] until=2022-07-30
event approval.Waiting item=i5 organisation=bk contract=credit action=grant act=@6 amount=9,000.00 needed=1

day 2022-07-31
----
approval.items i5: removed
sweep event Ended item=i5 organisation=bk outcome=lapsed

cai  approval.approve i5 act=@something said="授信"
----
refused EXE-003 key=i5 map=items: 没有记录 i5（表 items） | no record i5 in items
