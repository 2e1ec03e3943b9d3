# One file, many acts. What an item asks is checked as if it came alone; what was done once is not done again.
# The arguments of an item are the act's own, encoded: here (core, 100.00, main, yes), (core, 200.00, side, yes) and
# (bk, 200.00, side, yes).
firm bk: role user; capacity bank
firm core: role subject; capacity core
person mia of bk: make
day 2022-06-30

mia  batch.run @file 2 300.00 credit grant @rules:credit all [{reference=r1 arguments=0x8464636f7265192710646d61696ef5}, {reference=r2 arguments=0x8464636f7265194e206473696465f5}]
----
references bk r1: file=@file batch=id1
references bk r2: file=@file batch=id1
credit.lines l1: funder=bk core=core parent=- product=main limit=100.00 revolving=yes
credit.lines l2: funder=bk core=core parent=- product=side limit=200.00 revolving=yes
event credit.Granted line=l1 funder=bk core=core limit=100.00
event credit.Granted line=l2 funder=bk core=core limit=200.00
event Run batch=id1 organisation=bk file=@file done=2 known=0 refused=0

# Sent again, with one item more that is refused: the others are known.
mia  batch.run @file2 3 500.00 credit grant @rules:credit each [{reference=r1 arguments=0x8464636f7265192710646d61696ef5}, {reference=r2 arguments=0x8464636f7265194e206473696465f5}, {reference=r3 arguments=0x8462626b194e206473696465f5}]
----
event Run batch=id2 organisation=bk file=@file2 done=0 known=2 refused=1

mia  batch.run @file3 1 200.00 credit grant @rules:credit all [{reference=r3 arguments=0x8462626b194e206473696465f5}]
----
refused BCH-005 place=1 reference=r3 code=CRE-016: 第 1 笔业务编号 r3 不能办理：CRE-016 | item 1 (r3) is refused: CRE-016

# The checker signs count and total, so they must be true.
mia  batch.run @file4 1 100.00 credit grant @rules:credit all [{reference=r4 arguments=0x8464636f7265194e206473696465f5}]
----
refused BCH-002 total=100.00 found=200.00: 总额 100.00，明细合计 200.00 | the total is 100.00, the items sum to 200.00

mia  batch.run @file4 2 200.00 credit grant @rules:credit all [{reference=r4 arguments=0x8464636f7265194e206473696465f5}]
----
refused BCH-001 count=2 found=1: 清单 2 笔，实为 1 笔 | 2 items announced, 1 found

mia  batch.run @file4 2 400.00 credit grant @rules:credit all [{reference=r4 arguments=0x8464636f7265194e206473696465f5}, {reference=r4 arguments=0x8464636f7265194e206473696465f5}]
----
refused BCH-004 reference=r4: 业务编号 r4 重复或过长 | the reference r4 stands twice or is too long

core  batch.run @file5 1 200.00 credit grant @rules:credit each [{reference=r1 arguments=0x8464636f7265194e206473696465f5}]
----
event Run batch=id3 organisation=core file=@file5 done=0 known=0 refused=1

# What is signed is read under an interface; under another one nothing is done.
mia  batch.run @file6 1 200.00 credit grant @rules:trade all [{reference=r6 arguments=0x8464636f7265194e206473696465f5}]
----
refused BCH-006 contract=credit signed=@rules:trade current=@rules:credit: 所签依据的合约 credit 接口 @rules:trade 已变更为 @rules:credit | the interface of credit is @rules:credit, @rules:trade was signed

ask batch.reference bk r1
----
result {file=@file batch=id1}
