# One data asset through its four steps: 授权·印证, 确权·发证, 产权·存证, 行权·用证.
# Signatures are real: over digest(tag, chain, contract, …) with tag blank, entity or presentation, with the signer's own key.
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

signature sig-accept-2: by=desk tag=presentation of=[@shown-2, gx]
signature sig-entity-2: by=collect tag=entity of=[@entity-2]
signature sig-blank-by-collect: by=collect tag=blank of=[@blank]
signature sig-other-by-collect: by=collect tag=blank of=[@other]
signature sig-entity-1: by=collect tag=entity of=[@entity]
signature sig-blank-by-supervisor: by=supervisor tag=blank of=[@blank]
signature sig-accept-1: by=desk tag=presentation of=[@shown, gx]
signature sig-accept-by-rival: by=rival tag=presentation of=[@shown, gx]
signature sig-of-another-chain: by=supervisor tag=blank of=[@blank] chain=@other-chain
signature sig-of-another-contract: by=supervisor tag=blank of=[@blank] contract=notes

# ---- grant 授权·印证: the supervisor's signature, then the collector's --------------------------------------------------
collect  credential.grant collect content=@blank signature=sig-blank-by-supervisor scope=waybills purpose=credit first=1 last=100 begins=2022-06-30 ends=2023-06-30
----
refused AUTH-004 needed=supervisor organisation=collect: 需要角色 supervisor，collect 没有 | needs the role supervisor, collect does not have it

supervisor  credential.grant mill content=@blank signature=sig-blank-by-supervisor scope=waybills purpose=credit first=1 last=100 begins=2022-06-30 ends=2023-06-30
----
refused CDN-007 collector=mill: mill 不是采集控制方 | mill is no collector

supervisor  credential.grant collect content=@blank signature=sig-of-another-chain scope=waybills purpose=credit first=1 last=100 begins=2022-06-30 ends=2023-06-30
----
refused AUTH-010 argument=signature key=supervisor: 参数 signature 不是密钥 supervisor 对所列内容的签名 | signature is not the signature of the key supervisor over what it has to cover

supervisor  credential.grant collect content=@blank signature=sig-of-another-contract scope=waybills purpose=credit first=1 last=100 begins=2022-06-30 ends=2023-06-30
----
refused AUTH-010 argument=signature key=supervisor: 参数 signature 不是密钥 supervisor 对所列内容的签名 | signature is not the signature of the key supervisor over what it has to cover

supervisor  credential.grant collect content=@blank signature=sig-blank-by-collect scope=waybills purpose=credit first=1 last=100 begins=2022-06-30 ends=2023-06-30
----
refused AUTH-010 argument=signature key=supervisor: 参数 signature 不是密钥 supervisor 对所列内容的签名 | signature is not the signature of the key supervisor over what it has to cover

supervisor  credential.grant collect content=@blank signature=sig-blank-by-supervisor scope=waybills purpose=credit first=100 last=1 begins=2022-06-30 ends=2023-06-30
----
refused CDN-005 first=100 last=1 limit=1000000: 编号 100 至 1 不合规，上限 1000000 个 | serials 100 to 1 are not possible; 1000000 at most

supervisor  credential.grant collect content=@blank signature=sig-blank-by-supervisor scope=waybills purpose=credit first=1 last=2 begins=2022-06-30 ends=2023-06-30
----
blanks b1: supervisor=supervisor collector=collect content=@blank signature=sig-blank-by-supervisor scope=waybills purpose=credit first=1 last=2 begins=2022-06-30 ends=2023-06-30
event Granted blank=b1 supervisor=supervisor collector=collect first=1 last=2

mill  credential.consent b1 content=@consent until=2022-07-31
----
refused CDN-008 status=granted: 状态为 granted | the status is granted

ask credential.to_countersign collect
----
result [(b1, {supervisor=supervisor collector=collect content=@blank signature=sig-blank-by-supervisor scope=waybills purpose=credit first=1 last=2 begins=2022-06-30 ends=2023-06-30 countersignature=- issued=0 status=granted})]

collect  credential.countersign b1 content=@other signature=sig-other-by-collect
----
refused CDN-018: 所签摘要与记录不符 | the digest that was signed is not the recorded one

collect  credential.countersign b1 content=@blank signature=sig-blank-by-collect
----
blanks b1: countersignature=sig-blank-by-collect status=live
event Changed record=b1 collector=collect subject=- user=- status=live

ask credential.to_countersign collect
----
result []

# ---- issue 确权·发证: the subject's consent first, then the collector ---------------------------------------------------
collect  credential.issue b1 serial=1 subject=mill consent=nothing address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=sig-entity-1 ends=2022-12-31
----
refused EXE-003 key=nothing map=consents: 没有记录 nothing（表 consents） | no record nothing in consents

mill  credential.consent b1 content=@consent until=2022-07-31
----
consents c1: blank=b1 subject=mill collector=collect content=@consent until=2022-07-31
event Consented consent=c1 blank=b1 subject=mill collector=collect

ask credential.to_issue collect
----
result [(c1, {blank=b1 subject=mill collector=collect content=@consent until=2022-07-31 used=no})]

mill  credential.issue b1 serial=1 subject=mill consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=sig-entity-1 ends=2022-12-31
----
refused AUTH-004 needed=collector organisation=mill: 需要角色 collector，mill 没有 | needs the role collector, mill does not have it

collect  credential.issue b1 serial=3 subject=mill consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=sig-entity-1 ends=2022-12-31
----
refused CDN-010 serial=3 first=1 last=2: 编号 3 不在 1 至 2 之内 | serial 3 is not between 1 and 2

collect  credential.issue b1 serial=1 subject=other consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=sig-entity-1 ends=2022-12-31
----
refused CDN-011 subject=other: 主体 other 的同意不适用或已使用 | the consent of other does not cover this or is used up

collect  credential.issue b1 serial=1 subject=mill consent=c1 address=https://example.com entity=@entity signature=sig-entity-1 ends=2022-12-31
----
refused CDN-001 address=https://example.com: 地址 https://example.com 不合规格 space:代号/密文摘要 | https://example.com is not space:pseudonym/digest of the ciphertext

collect  credential.issue b1 serial=1 subject=mill consent=c1 address=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb entity=@entity signature=sig-entity-1 ends=2022-12-31
----
refused CDN-002 space=bank-desk-7 owner=desk expected=mill: 数字空间 bank-desk-7 属于 desk，不是 mill | the space bank-desk-7 belongs to desk, not mill

collect  credential.issue b1 serial=1 subject=mill consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=sig-entity-2 ends=2022-12-31
----
refused AUTH-010 argument=signature key=collect: 参数 signature 不是密钥 collect 对所列内容的签名 | signature is not the signature of the key collect over what it has to cover

collect  credential.issue b1 serial=1 subject=mill consent=c1 address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa entity=@entity signature=sig-entity-1 ends=2022-12-31
----
addresses space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: owner=mill opened=2022-06-30
blanks b1: issued=1
consents c1: used=yes
assets a1: address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 blank=b1 serial=1 collector=collect subject=mill consent=c1 ends=2022-12-31 issued=2022-06-30
serials b1 1: asset=a1
event Issued asset=a1 blank=b1 serial=1 collector=collect subject=mill

ask credential.to_issue collect
----
result []

ask credential.to_store mill
----
result [(a1, {address=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 blank=b1 serial=1 collector=collect subject=mill consent=c1 ends=2022-12-31 issued=2022-06-30 status=issued stored=- custody=- replaced_by=- suspended_by=-})]

# A consent and a serial number serve once.
collect  credential.issue b1 serial=2 subject=mill consent=c1 address=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd entity=@entity-2 signature=sig-entity-2 ends=2022-12-31
----
refused CDN-011 subject=mill: 主体 mill 的同意不适用或已使用 | the consent of mill does not cover this or is used up

mill  credential.allow a1 desk purpose=credit uses=1 until=2022-07-31 fee=0.00
----
refused CDN-008 status=issued: 状态为 issued | the status is issued

# ---- store 产权·存证 ------------------------------------------------------------------------------------------------------
other  credential.store a1 entity=@entity custody=@custody
----
refused AUTH-003 field=subject party=mill caller=other: 该记录的 subject 是 mill，不是 other | the subject is mill, not other

mill  credential.store a1 entity=@entity-2 custody=@custody
----
refused CDN-018: 所签摘要与记录不符 | the digest that was signed is not the recorded one

mill  credential.store a1 entity=@entity custody=@custody
----
assets a1: status=stored stored=2022-06-30 custody=@custody
event Changed record=a1 collector=collect subject=mill user=- status=stored

ask credential.to_store mill
----
result []

mill  credential.store a1 entity=@entity custody=@custody
----
refused CDN-008 status=stored: 状态为 stored | the status is stored

# ---- exercise 行权·用证: the subject grants, the user accepts, the operator witnesses -------------------------------------
mill  credential.allow a1 other purpose=credit uses=1 until=2022-07-31 fee=10.00
----
refused CDN-013 user=other: other 不是使用方 | other is no user

other  credential.allow a1 desk purpose=credit uses=1 until=2022-07-31 fee=10.00
----
refused AUTH-003 field=subject party=mill caller=other: 该记录的 subject 是 mill，不是 other | the subject is mill, not other

mill  credential.allow a1 desk purpose=credit uses=2 until=2022-07-31 fee=10.00
----
grants g1: asset=a1 subject=mill user=desk purpose=credit left=2 until=2022-07-31 fee=10.00
event Allowed grant=g1 asset=a1 subject=mill user=desk uses=2 until=2022-07-31 fee=10.00

ask credential.expression a1
----
result (space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, @blank, sig-blank-by-supervisor, @entity, sig-entity-1)

given settlement.accounts mill: account=@account-mill bank=desk since=2022-06-30
given grants gx: asset=a1 subject=mill user=desk purpose=credit left=2 until=2022-07-31 fee=10.00

# Fields 2 to 5 of a circulation equal those of its asset.
ask credential.to_exercise desk
----
result [(g1, {asset=a1 subject=mill user=desk purpose=credit left=2 until=2022-07-31 fee=10.00 revoked=no}), (gx, {asset=a1 subject=mill user=desk purpose=credit left=2 until=2022-07-31 fee=10.00 revoked=no})]

desk  credential.exercise gx source=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused CDN-016 field=source: 流通表达式的 source 与凭证不符 | the source of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@other blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused CDN-016 field="blank digest": 流通表达式的 "blank digest" 与凭证不符 | the "blank digest" of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-collect entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused CDN-016 field="blank signature": 流通表达式的 "blank signature" 与凭证不符 | the "blank signature" of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity-2 entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused CDN-016 field="entity digest": 流通表达式的 "entity digest" 与凭证不符 | the "entity digest" of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-2 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused CDN-016 field="entity signature": 流通表达式的 "entity signature" 与凭证不符 | the "entity signature" of the circulation is not the asset's

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=marketing fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused CDN-017 purpose=credit fee=10.00 signed=marketing signed_fee=10.00: 用途 credit、费用 10.00，所签为 marketing、10.00 | granted for credit at 10.00, signed was marketing at 10.00

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-by-rival
----
refused AUTH-010 argument=acceptance key=desk: 参数 acceptance 不是密钥 desk 对所列内容的签名 | acceptance is not the signature of the key desk over what it has to cover

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused CDN-002 space=subject-001 owner=mill expected=desk: 数字空间 subject-001 属于 mill，不是 desk | the space subject-001 belongs to mill, not desk

# A race: another bank wants to use what was granted to the first.
rival  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused AUTH-003 field=user party=desk caller=rival: 该记录的 user 是 desk，不是 rival | the user is desk, not rival

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
addresses space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: owner=desk opened=2022-06-30
grants gx: left=1
ledger l1: source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown acceptance=sig-accept-1 fee=10.00 unpaid=10.00
presentations @shown: act=l1
settlement.instructions i1: purpose=fee business=l1 payer=desk payee=mill bank=- account=@account-mill amount=10.00 currency=CNY day=2022-06-30 made=2022-06-30
event settlement.Instructed instruction=i1 purpose=fee business=l1 payer=desk payee=mill bank=- account=@account-mill amount=10.00 day=2022-06-30 earlier=-
event Exercised act=l1 asset=a1 subject=mill user=desk left=1 fee=10.00

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb purpose=credit fee=10.00 presentation=@shown acceptance=sig-accept-1
----
refused CDN-003 what=@shown: @shown 已被使用 | @shown is in use already

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc purpose=credit fee=10.00 presentation=@shown-2 acceptance=sig-accept-2
----
addresses space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc: owner=desk opened=2022-06-30
grants gx: left=0
ledger l2: source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown-2 acceptance=sig-accept-2 fee=10.00 unpaid=10.00
presentations @shown-2: act=l2
settlement.instructions i2: purpose=fee business=l2 payer=desk payee=mill bank=- account=@account-mill amount=10.00 currency=CNY day=2022-06-30 made=2022-06-30
event settlement.Instructed instruction=i2 purpose=fee business=l2 payer=desk payee=mill bank=- account=@account-mill amount=10.00 day=2022-06-30 earlier=-
event Exercised act=l2 asset=a1 subject=mill user=desk left=0 fee=10.00

desk  credential.exercise gx source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee purpose=credit fee=10.00 presentation=@shown-2 acceptance=sig-accept-2
----
refused CDN-014 left=0: 授权次数 0 已用尽 | 0 uses are left

mill  credential.disallow gx
----
grants gx: revoked=yes
event Changed record=gx collector=- subject=mill user=desk status=revoked

ask credential.to_witness operator
----
result [(l1, {source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown acceptance=sig-accept-1 fee=10.00 unpaid=10.00 witness=- unwitnessed=yes}), (l2, {source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown-2 acceptance=sig-accept-2 fee=10.00 unpaid=10.00 witness=- unwitnessed=yes})]

ask credential.to_witness mill
----
result []

ask credential.to_exercise desk
----
result [(g1, {asset=a1 subject=mill user=desk purpose=credit left=2 until=2022-07-31 fee=10.00 revoked=no})]

mill  credential.disallow gx
----
refused CDN-008 status=revoked: 状态为 revoked | the status is revoked

operator  credential.witness l1
----
ledger l1: witness=operator unwitnessed=no
event Changed record=l1 collector=- subject=mill user=desk status=witnessed


rival  credential.witness l1
----
refused AUTH-004 needed=operator organisation=rival: 需要角色 operator，rival 没有 | needs the role operator, rival does not have it

ask credential.circulation l1
----
result (space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, @blank, sig-blank-by-supervisor, @entity, sig-entity-1, l1, space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)

ask credential.trace a1
----
result [(l1, {source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown acceptance=sig-accept-1 fee=10.00 unpaid=10.00 witness=operator unwitnessed=no}), (l2, {source=space:subject-001/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity entity_signature=sig-entity-1 target=space:bank-desk-7/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc asset=a1 grant=gx subject=mill user=desk purpose=credit day=2022-06-30 presentation=@shown-2 acceptance=sig-accept-2 fee=10.00 unpaid=10.00 witness=- unwitnessed=yes})]

# ---- the correction: a wrong credential is replaced, a revoked one is never used again ---------------------------------
mill  credential.consent b1 content=@consent-2 until=2022-07-31
----
consents c2: blank=b1 subject=mill collector=collect content=@consent-2 until=2022-07-31
event Consented consent=c2 blank=b1 subject=mill collector=collect

collect  credential.replace_with a1 serial=2 consent=c2 address=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd entity=@entity-2 signature=sig-entity-2 ends=2022-12-31
----
addresses space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd: owner=mill opened=2022-06-30
blanks b1: issued=2
consents c2: used=yes
assets a2: address=space:subject-001/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd blank_digest=@blank blank_signature=sig-blank-by-supervisor entity_digest=@entity-2 entity_signature=sig-entity-2 blank=b1 serial=2 collector=collect subject=mill consent=c2 ends=2022-12-31 issued=2022-06-30
assets a1: status=replaced replaced_by=a2
serials b1 2: asset=a2
event Issued asset=a2 blank=b1 serial=2 collector=collect subject=mill
event Changed record=a1 collector=collect subject=mill user=- status=replaced

mill  credential.allow a1 desk purpose=credit uses=1 until=2022-07-31 fee=10.00
----
refused CDN-008 status=replaced: 状态为 replaced | the status is replaced

rival  credential.set_status a2 revoked reason=@why
----
refused CDN-020 caller=rival: rival 既非发证方、主体，亦非主管控制方 | rival is neither issuer, subject nor supervisor

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
