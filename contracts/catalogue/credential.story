# One data asset through its four steps: 授权·印证, 确权·发证, 产权·存证, 行权·用证.
# Signatures are real: over digest("blank", …), digest("entity", …), digest("presentation", …) with the signer's own key.
firm collect: role collector                       # 物流公司, 采集控制方
firm mill, other: role subject                     # 主体方
firm desk, rival: role user; capacity bank         # 使用方
parameter voucher_tenor_months_max 12
day 2022-06-30

mill  credential.open_space subject-001
----
spaces subject-001: owner=mill opened=2022-06-30

desk  credential.open_space bank-desk-7
----
spaces bank-desk-7: owner=desk opened=2022-06-30

rival  credential.open_space bank-desk-7
----
refused CDN-003 what=bank-desk-7: bank-desk-7 已被使用 | bank-desk-7 is in use already

rival  credential.open_space short
----
refused CDN-001 address=short: 地址 short 不合规格 space:代号/密文摘要 | short is not space:pseudonym/digest of the ciphertext

# ---- grant 授权·印证: the supervisor's signature, then the collector's --------------------------------------------------
collect  credential.grant collect content=@blank signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 scope=waybills purpose=credit first=1 last=100 begins=2022-06-30 ends=2023-06-30
----
refused AUTH-004 needed=supervisor organisation=collect: 需要角色 supervisor,collect 没有 | needs the role supervisor, collect does not have it

supervisor  credential.grant mill content=@blank signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 scope=waybills purpose=credit first=1 last=100 begins=2022-06-30 ends=2023-06-30
----
refused CDN-007 collector=mill: mill 不是采集控制方 | mill is no collector

supervisor  credential.grant collect content=@blank signature=0xd3fd37837231b826f31f6bdea54f31d7501f3c1e607e6213bf9f5cf37718d9c8efea0fc1eab2411166096c0cdc3ab1b3023d2461ffb39a0d052cff1bbafa6700 scope=waybills purpose=credit first=1 last=100 begins=2022-06-30 ends=2023-06-30
----
refused CDN-004 what=blank: blank 的签名与签名人密钥不符 | the signature of blank was not made by the signer's key

supervisor  credential.grant collect content=@blank signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 scope=waybills purpose=credit first=100 last=1 begins=2022-06-30 ends=2023-06-30
----
refused CDN-005 first=100 last=1 limit=1000000: 编号 100 至 1 不合规,上限 1000000 个 | serials 100 to 1 are not possible; 1000000 at most

supervisor  credential.grant collect content=@blank signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 scope=waybills purpose=credit first=1 last=2 begins=2022-06-30 ends=2023-06-30
----
blanks b1: supervisor=supervisor collector=collect content=@blank signature=0xd51753ce51939cc3… scope=waybills purpose=credit first=1 last=2 begins=2022-06-30 ends=2023-06-30
event Granted blank=b1 supervisor=supervisor collector=collect first=1 last=2

mill  credential.consent b1 content=@consent until=2022-07-31
----
refused CDN-008 status=granted: 状态为 granted | the status is granted

collect  credential.countersign b1 content=@other signature=0xd3fd37837231b826f31f6bdea54f31d7501f3c1e607e6213bf9f5cf37718d9c8efea0fc1eab2411166096c0cdc3ab1b3023d2461ffb39a0d052cff1bbafa6700
----
refused CDN-018: 所签摘要与记录不符 | the digest that was signed is not the recorded one

collect  credential.countersign b1 content=@blank signature=0xd3fd37837231b826f31f6bdea54f31d7501f3c1e607e6213bf9f5cf37718d9c8efea0fc1eab2411166096c0cdc3ab1b3023d2461ffb39a0d052cff1bbafa6700
----
blanks b1: countersignature=0xd3fd37837231b826… status=live
event Changed record=b1 collector=collect subject=- user=- status=live

# ---- issue 确权·发证: the subject's consent first, then the collector ---------------------------------------------------
collect  credential.issue b1 serial=1 subject=mill consent=nothing address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 ends=2022-12-31
----
refused EXE-003 key=nothing map=consents: 没有记录 nothing(表 consents) | no record nothing in consents

mill  credential.consent b1 content=@consent until=2022-07-31
----
consents c1: blank=b1 subject=mill collector=collect content=@consent until=2022-07-31
event Consented consent=c1 blank=b1 subject=mill collector=collect

mill  credential.issue b1 serial=1 subject=mill consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 ends=2022-12-31
----
refused AUTH-004 needed=collector organisation=mill: 需要角色 collector,mill 没有 | needs the role collector, mill does not have it

collect  credential.issue b1 serial=3 subject=mill consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 ends=2022-12-31
----
refused CDN-010 serial=3 first=1 last=2: 编号 3 不在 1 至 2 之内 | serial 3 is not between 1 and 2

collect  credential.issue b1 serial=1 subject=other consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 ends=2022-12-31
----
refused CDN-011 subject=other: 主体 other 的同意不适用或已使用 | the consent of other does not cover this or is used up

collect  credential.issue b1 serial=1 subject=mill consent=c1 address=https://example.com entity=@entity signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 ends=2022-12-31
----
refused CDN-001 address=https://example.com: 地址 https://example.com 不合规格 space:代号/密文摘要 | https://example.com is not space:pseudonym/digest of the ciphertext

collect  credential.issue b1 serial=1 subject=mill consent=c1 address=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb entity=@entity signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 ends=2022-12-31
----
refused CDN-002 space=bank-desk-7 owner=desk expected=mill: 数字空间 bank-desk-7 属于 desk,不是 mill | the space bank-desk-7 belongs to desk, not mill

collect  credential.issue b1 serial=1 subject=mill consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=0x95ad5607eb66dbfed71fcc0d350934208fe6e3c55daf1fb376711d9ab1ad89ccf216f42d6cd751018217b5852eb5bdfbc46e9f69e02442acdd9cb01b4844ac03 ends=2022-12-31
----
refused CDN-004 what=entity: entity 的签名与签名人密钥不符 | the signature of entity was not made by the signer's key

collect  credential.issue b1 serial=1 subject=mill consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 ends=2022-12-31
----
addresses space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: owner=mill opened=2022-06-30
blanks b1: issued=1
consents c1: used=yes
assets a1: address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc3… entity_digest=@entity entity_signature=0x6d696d40873743ee… blank=b1 serial=1 collector=collect subject=mill consent=c1 ends=2022-12-31 issued=2022-06-30
serials b1 1: asset=a1
event Issued asset=a1 blank=b1 serial=1 collector=collect subject=mill

# A consent and a serial number serve once.
collect  credential.issue b1 serial=2 subject=mill consent=c1 address=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd entity=@entity-2 signature=0x95ad5607eb66dbfed71fcc0d350934208fe6e3c55daf1fb376711d9ab1ad89ccf216f42d6cd751018217b5852eb5bdfbc46e9f69e02442acdd9cb01b4844ac03 ends=2022-12-31
----
refused CDN-011 subject=mill: 主体 mill 的同意不适用或已使用 | the consent of mill does not cover this or is used up

mill  credential.allow a1 desk purpose=credit uses=1 until=2022-07-31 fee=0.00
----
refused CDN-008 status=issued: 状态为 issued | the status is issued

# ---- store 产权·存证 ------------------------------------------------------------------------------------------------------
other  credential.store a1 entity=@entity custody=@custody
----
refused AUTH-003 field=subject party=mill caller=other: 该记录的 subject 是 mill,不是 other | the subject is mill, not other

mill  credential.store a1 entity=@entity-2 custody=@custody
----
refused CDN-018: 所签摘要与记录不符 | the digest that was signed is not the recorded one

mill  credential.store a1 entity=@entity custody=@custody
----
assets a1: status=stored stored=2022-06-30 custody=@custody
event Changed record=a1 collector=collect subject=mill user=- status=stored

mill  credential.store a1 entity=@entity custody=@custody
----
refused CDN-008 status=stored: 状态为 stored | the status is stored

# ---- exercise 行权·用证: the subject grants, the user accepts, the operator witnesses -------------------------------------
mill  credential.allow a1 other purpose=credit uses=1 until=2022-07-31 fee=10.00
----
refused CDN-013 user=other: other 不是使用方 | other is no user

other  credential.allow a1 desk purpose=credit uses=1 until=2022-07-31 fee=10.00
----
refused AUTH-003 field=subject party=mill caller=other: 该记录的 subject 是 mill,不是 other | the subject is mill, not other

mill  credential.allow a1 desk purpose=credit uses=2 until=2022-07-31 fee=10.00
----
grants g1: asset=a1 subject=mill user=desk purpose=credit left=2 until=2022-07-31 fee=10.00
event Allowed grant=g1 asset=a1 subject=mill user=desk uses=2 until=2022-07-31 fee=10.00

ask credential.expression a1
----
result (space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, @blank, 0xd51753ce51939cc3…, @entity, 0x6d696d40873743ee…)

given settlement.accounts mill: account=@account-mill bank=desk since=2022-06-30
given grants gx: asset=a1 subject=mill user=desk purpose=credit left=2 until=2022-07-31 fee=10.00

# Fields 2 to 5 of a circulation equal those of its asset.
desk  credential.exercise gx source=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused CDN-016 field=source: 流通表达式的 source 与凭证不符 | the source of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@other blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused CDN-016 field="blank digest": 流通表达式的 "blank digest" 与凭证不符 | the "blank digest" of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd3fd37837231b826f31f6bdea54f31d7501f3c1e607e6213bf9f5cf37718d9c8efea0fc1eab2411166096c0cdc3ab1b3023d2461ffb39a0d052cff1bbafa6700 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused CDN-016 field="blank signature": 流通表达式的 "blank signature" 与凭证不符 | the "blank signature" of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity-2 entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused CDN-016 field="entity digest": 流通表达式的 "entity digest" 与凭证不符 | the "entity digest" of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x95ad5607eb66dbfed71fcc0d350934208fe6e3c55daf1fb376711d9ab1ad89ccf216f42d6cd751018217b5852eb5bdfbc46e9f69e02442acdd9cb01b4844ac03 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused CDN-016 field="entity signature": 流通表达式的 "entity signature" 与凭证不符 | the "entity signature" of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=marketing fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused CDN-017 purpose=credit fee=10.00 signed=marketing signed_fee=10.00: 用途 credit、费用 10.00,所签为 marketing、10.00 | granted for credit at 10.00, signed was marketing at 10.00

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x242a9cede28e7300bc2497f11c7097d267139186da3b614512ab0c60a54b1738cdb054000ecd5fa2f728ddea8c27b8019e2cbdb3ff8eceef55083e3513fd960a
----
refused CDN-004 what=presentation: presentation 的签名与签名人密钥不符 | the signature of presentation was not made by the signer's key

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused CDN-002 space=subject-001 owner=mill expected=desk: 数字空间 subject-001 属于 mill,不是 desk | the space subject-001 belongs to mill, not desk

# A race: another bank wants to use what was granted to the first.
rival  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused AUTH-003 field=user party=desk caller=rival: 该记录的 user 是 desk,不是 rival | the user is desk, not rival

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
addresses space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: owner=desk opened=2022-06-30
grants gx: left=1
ledger l1: source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc3… entity_digest=@entity entity_signature=0x6d696d40873743ee… target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown acceptance=0x3f0ae32dd98e128d… fee=10.00 unpaid=10.00
presentations @shown: act=l1
settlement.instructions i1: purpose=fee business=l1 payer=desk payee=mill bank=- account=@account-mill amount=10.00 currency=CNY day=2022-06-30 made=2022-06-30
event settlement.Instructed instruction=i1 purpose=fee business=l1 payer=desk payee=mill bank=- account=@account-mill amount=10.00 day=2022-06-30 earlier=-
event Exercised act=l1 asset=a1 subject=mill user=desk left=1 fee=10.00

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=0x3f0ae32dd98e128d0c72f59dd55cf228d358b9c93f69dfefea6e0c35dc6d6f7be5ec41160670abaae50e906fcb3ead954fda7b88e4f4316ad8d808275a02e60c
----
refused CDN-003 what=@shown: @shown 已被使用 | @shown is in use already

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc purpose=credit fee=10.00 presentation=@shown-2 acceptance=0xbe3a05cc31947d577456961d85031ae2917f937c636ad262f6408c2f120b88802464d7d01913fb37e7aadc06b1fc2372451744d40750501410ec7db4ad4b1308
----
addresses space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc: owner=desk opened=2022-06-30
grants gx: left=0
ledger l2: source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc3… entity_digest=@entity entity_signature=0x6d696d40873743ee… target=space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown-2 acceptance=0xbe3a05cc31947d57… fee=10.00 unpaid=10.00
presentations @shown-2: act=l2
settlement.instructions i2: purpose=fee business=l2 payer=desk payee=mill bank=- account=@account-mill amount=10.00 currency=CNY day=2022-06-30 made=2022-06-30
event settlement.Instructed instruction=i2 purpose=fee business=l2 payer=desk payee=mill bank=- account=@account-mill amount=10.00 day=2022-06-30 earlier=-
event Exercised act=l2 asset=a1 subject=mill user=desk left=0 fee=10.00

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc37b3ff1c6e168b32a1c9c62508de23ec7e7e19fd7fbf4ffb595580c33b8b0e400d0a519f9c0b910d5b644055d1e41fb555221bb5c57207706 entity_digest=@entity entity_signature=0x6d696d40873743eea28b86113b61bc8d9a79b1df078e03890ea458d84355f90c6ad8562fbb2a7d5234ea92bbb4ccc218f429276a06483115cec06966827dc205 target=space:bank-desk-7/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee purpose=credit fee=10.00 presentation=@shown-2 acceptance=0xbe3a05cc31947d577456961d85031ae2917f937c636ad262f6408c2f120b88802464d7d01913fb37e7aadc06b1fc2372451744d40750501410ec7db4ad4b1308
----
refused CDN-014 left=0: 授权次数 0 已用尽 | 0 uses are left

mill  credential.disallow gx
----
grants gx: revoked=yes
event Changed record=gx collector=- subject=mill user=desk status=revoked

mill  credential.disallow gx
----
refused CDN-008 status=revoked: 状态为 revoked | the status is revoked

operator  credential.witness l1
----
ledger l1: witness=operator
event Changed record=l1 collector=- subject=mill user=desk status=witnessed

rival  credential.witness l1
----
refused AUTH-004 needed=operator organisation=rival: 需要角色 operator,rival 没有 | needs the role operator, rival does not have it

ask credential.circulation l1
----
result (space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, @blank, 0xd51753ce51939cc3…, @entity, 0x6d696d40873743ee…, l1, space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)

ask credential.trace a1
----
result [(l1, {source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc3… entity_digest=@entity entity_signature=0x6d696d40873743ee… target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown acceptance=0x3f0ae32dd98e128d… fee=10.00 unpaid=10.00 witness=operator}), (l2, {source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=0xd51753ce51939cc3… entity_digest=@entity entity_signature=0x6d696d40873743ee… target=space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown-2 acceptance=0xbe3a05cc31947d57… fee=10.00 unpaid=10.00 witness=-})]

# ---- the correction: a wrong credential is replaced, a revoked one is never used again ---------------------------------
mill  credential.consent b1 content=@consent-2 until=2022-07-31
----
consents c2: blank=b1 subject=mill collector=collect content=@consent-2 until=2022-07-31
event Consented consent=c2 blank=b1 subject=mill collector=collect

collect  credential.replace_with a1 serial=2 consent=c2 address=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd entity=@entity-2 signature=0x95ad5607eb66dbfed71fcc0d350934208fe6e3c55daf1fb376711d9ab1ad89ccf216f42d6cd751018217b5852eb5bdfbc46e9f69e02442acdd9cb01b4844ac03 ends=2022-12-31
----
addresses space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd: owner=mill opened=2022-06-30
blanks b1: issued=2
consents c2: used=yes
assets a2: address=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd blank_digest=@blank blank_signature=0xd51753ce51939cc3… entity_digest=@entity-2 entity_signature=0x95ad5607eb66dbfe… blank=b1 serial=2 collector=collect subject=mill consent=c2 ends=2022-12-31 issued=2022-06-30
assets a1: status=replaced replaced_by=a2
serials b1 2: asset=a2
event Issued asset=a2 blank=b1 serial=2 collector=collect subject=mill
event Changed record=a1 collector=collect subject=mill user=- status=replaced

mill  credential.allow a1 desk purpose=credit uses=1 until=2022-07-31 fee=10.00
----
refused CDN-008 status=replaced: 状态为 replaced | the status is replaced

rival  credential.set_status a2 revoked reason=@why
----
refused CDN-020 caller=rival: rival 既非发证方、主体,亦非主管控制方 | rival is neither issuer, subject nor supervisor

mill  credential.store a2 entity=@entity-2 custody=@custody
----
assets a2: status=stored stored=2022-06-30 custody=@custody
event Changed record=a2 collector=collect subject=mill user=- status=stored

supervisor  credential.set_status a2 suspended reason=@why
----
assets a2: status=suspended suspended_by=supervisor
event Changed record=a2 collector=collect subject=mill user=- status=suspended

mill  credential.set_status a2 stored reason=@why
----
refused CDN-008 status=suspended: 状态为 suspended | the status is suspended

collect  credential.set_status a2 stored reason=@why
----
refused CDN-008 status=suspended: 状态为 suspended | the status is suspended

supervisor  credential.set_status a2 stored reason=@why
----
assets a2: status=stored suspended_by=-
event Changed record=a2 collector=collect subject=mill user=- status=stored

mill  credential.set_status a2 revoked reason=@why
----
assets a2: status=revoked
event Changed record=a2 collector=collect subject=mill user=- status=revoked

collect  credential.set_status a2 stored reason=@why
----
refused CDN-008 status=revoked: 状态为 revoked | the status is revoked

supervisor  credential.set_blank b1 revoked
----
blanks b1: status=revoked
event Changed record=b1 collector=collect subject=- user=- status=revoked

mill  credential.consent b1 content=@consent until=2022-07-31
----
refused CDN-008 status=revoked: 状态为 revoked | the status is revoked
