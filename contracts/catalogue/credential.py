"""zh: 数据资产凭证：授权·印证、确权·发证、产权·存证、行权·用证 | en: Data-asset credentials: grant, issue, store, exercise

Plan p.34-37. The supervisor grants a numbered blank and the collector countersigns it; with the subject's consent the
collector fills one in for the subject; the subject checks and keeps it in its digital space; it grants uses, and a user
that exercises one leaves a line in the circulation ledger. What is on the chain are salted digests and signatures; the
payloads lie encrypted in digital spaces and an address names a space by pseudonym and a ciphertext by digest.

    asset        <data address, blank digest, blank signature, entity digest, entity signature>
    circulation  <source address, the same four, act, target address>

Rule: fields 2 to 5 of a circulation equal those of its asset. Circulation copies a right to verify, it moves no
ownership, and what was copied cannot be granted onward. Revocation stops every later exercise; it cannot take back what
a user has seen before. The operator witnesses the ledger and can neither grant, issue nor exercise.

A signature here is that of whoever acts, which the engine checks as declared (`signed`), over digest(tag, chain,
"credential", …) of the blank's digest ("blank"), the entity's ("entity"), or what was shown and the grant
("presentation"): under a tag of its own, so that it can never pass for a transaction's, and with chain and contract, so
that it says nothing on another chain and no other contract can have it made.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Literal, Map, Org, Record, Refusal, Signature, Text
from contracts.sdk import action, view

SERIALS_MAX = 1_000_000
ADDRESS_CHARACTERS_MAX = 140
PSEUDONYM_CHARACTERS_MIN = 8
DIGEST_CHARACTERS = 64


class Space(Record):
    owner: Org
    opened: Day


class Blank(Record):
    supervisor: Org
    collector: Org
    content: Digest  # schema, scope and purpose, salted
    signature: Signature  # the supervisor's
    scope: Text
    purpose: Text
    first: int
    last: int
    begins: Day
    ends: Day
    countersignature: Signature | None = None
    issued: int = 0
    status: Literal["granted", "live", "suspended", "revoked"] = "granted"


class Consent(Record):
    blank: Id
    subject: Org
    collector: Org
    content: Digest
    until: Day
    used: bool = False


class Asset(Record):
    address: Text
    blank_digest: Digest
    blank_signature: Signature
    entity_digest: Digest
    entity_signature: Signature
    blank: Id
    serial: int
    collector: Org
    subject: Org
    consent: Id
    ends: Day
    issued: Day
    status: Literal["issued", "stored", "suspended", "revoked", "replaced"] = "issued"
    stored: Day | None = None
    custody: Digest | None = None  # the subject's receipt
    replaced_by: Id | None = None
    suspended_by: Org | None = None


class Grant(Record):
    asset: Id
    subject: Org
    user: Org
    purpose: Text
    left: int
    until: Day
    fee: Fen
    revoked: bool = False


class Circulation(Record):
    """One line of the circulation ledger; its key is the act's id."""

    source: Text
    blank_digest: Digest
    blank_signature: Signature
    entity_digest: Digest
    entity_signature: Signature
    target: Text
    asset: Id
    grant: Id
    subject: Org
    user: Org
    purpose: Text
    day: Day
    presentation: Digest  # what was shown, with nonce and audience
    acceptance: Signature  # the user's, over the act
    fee: Fen
    unpaid: Fen
    witness: Org | None = None
    unwitnessed: bool = True  # says what `witness` says, for the index: it finds what is set, not what is not


class Answer(Record):
    """To `settlement`: whether a payment came in time, and what is to be paid next."""

    in_time: bool
    orders: tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...] = ()


class Serial(Record):
    asset: Id


class Shown(Record):
    act: Id


class Granted(Event):
    blank: Id
    supervisor: Org
    collector: Org
    first: int
    last: int


class Consented(Event):
    consent: Id
    blank: Id
    subject: Org
    collector: Org


class Issued(Event):
    asset: Id
    blank: Id
    serial: int
    collector: Org
    subject: Org


class Changed(Event):
    """A blank, an asset or a grant has another status."""

    record: Id
    collector: Org | None
    subject: Org | None
    user: Org | None
    status: Text


class Allowed(Event):
    grant: Id
    asset: Id
    subject: Org
    user: Org
    uses: int
    until: Day
    fee: Fen


class Exercised(Event):
    act: Id
    asset: Id
    subject: Org
    user: Org
    left: int
    fee: Fen


class Credential(Contract):
    spaces = Map(Text, Space)
    addresses = Map(Text, Space)
    blanks = Map(Id, Blank, placed_by="transaction")
    consents = Map(Id, Consent, placed_by="transaction")
    assets = Map(Id, Asset, placed_by="transaction")
    grants = Map(Id, Grant, placed_by="transaction")
    ledger = Map(Id, Circulation, placed_by="transaction")
    presentations = Map(Digest, Shown)
    serials = Map((Id, int), Serial, placed_by="transaction")
    blanks_of = Index(blanks, by=("collector", "status"))
    consents_to = Index(consents, by=("collector", "used"))
    assets_of = Index(assets, by=("subject", "status"))
    issued_by = Index(assets, by="collector")
    grants_to = Index(grants, by="user")
    grants_by = Index(grants, by="subject")
    of_asset = Index(ledger, by="asset")
    of_user = Index(ledger, by="user")
    witnessless = Index(ledger, by="day", where="unwitnessed")

    # fmt: off
    bad_address = Refusal("CDN-001", zh="地址 {address} 不合规格 space:代号/密文摘要", en="{address} is not space:pseudonym/digest of the ciphertext")
    other_space = Refusal("CDN-002", zh="数字空间 {space} 属于 {owner}，不是 {expected}", en="the space {space} belongs to {owner}, not {expected}")
    taken = Refusal("CDN-003", zh="{what} 已被使用", en="{what} is in use already")
    wrong_range = Refusal("CDN-005", zh="编号 {first} 至 {last} 不合规，上限 {limit} 个", en="serials {first} to {last} are not possible; {limit} at most")
    wrong_window = Refusal("CDN-006", zh="有效期 {begins} 至 {ends} 不合规，今日 {today}", en="the window {begins} to {ends} is not possible, today is {today}")
    not_collector = Refusal("CDN-007", zh="{collector} 不是采集控制方", en="{collector} is no collector")
    wrong_status = Refusal("CDN-008", zh="状态为 {status}", en="the status is {status}")
    not_in_window = Refusal("CDN-009", zh="有效期 {begins} 至 {ends}，今日 {today}", en="valid from {begins} to {ends}, today is {today}")
    wrong_serial = Refusal("CDN-010", zh="编号 {serial} 不在 {first} 至 {last} 之内", en="serial {serial} is not between {first} and {last}")
    no_consent = Refusal("CDN-011", zh="主体 {subject} 的同意不适用或已使用", en="the consent of {subject} does not cover this or is used up")
    not_subject = Refusal("CDN-012", zh="{subject} 不是主体方", en="{subject} is no subject")
    not_user = Refusal("CDN-013", zh="{user} 不是使用方", en="{user} is no user")
    no_uses = Refusal("CDN-014", zh="授权次数 {left} 已用尽", en="{left} uses are left")
    lapsed = Refusal("CDN-015", zh="授权有效至 {until}，今日 {today}", en="granted until {until}, today is {today}")
    other_fields = Refusal("CDN-016", zh="流通表达式的 {field} 与凭证不符", en="the {field} of the circulation is not the asset's")
    other_terms = Refusal("CDN-017", zh="用途 {purpose}、费用 {fee}，所签为 {signed}、{signed_fee}", en="granted for {purpose} at {fee}, signed was {signed} at {signed_fee}")
    other_content = Refusal("CDN-018", zh="所签摘要与记录不符", en="the digest that was signed is not the recorded one")
    expired = Refusal("CDN-019", zh="凭证已于 {ends} 到期", en="the credential expired on {ends}")
    not_authority = Refusal("CDN-020", zh="{caller} 既非发证方、主体，亦非主管控制方", en="{caller} is neither issuer, subject nor supervisor")
    # fmt: on

    # ---- digital spaces ----------------------------------------------------------------------------------------------

    # who may
    @action(permission="make")
    def open_space(self, ctx, pseudonym: Text) -> None:
        """zh: 开设数字空间 {pseudonym} | en: Open the digital space {pseudonym}"""
        # what must hold
        plain = len(pseudonym) >= PSEUDONYM_CHARACTERS_MIN and len(pseudonym.split("/")) == 1
        ctx.require(plain and len(pseudonym.split(":")) == 1, self.bad_address, address=pseudonym)
        ctx.require(pseudonym not in self.spaces, self.taken, what=pseudonym)
        # what changes
        self.spaces[pseudonym] = Space(owner=ctx.organisation, opened=ctx.day)

    # ---- grant 授权·印证 -----------------------------------------------------------------------------------------------

    # who may
    @action(role="supervisor", policy="credential", signed=("signature", "blank", "content"))
    def grant(self, ctx, collector: Org, content: Digest, signature: Signature, scope: Text, purpose: Text, first: int, last: int, begins: Day, ends: Day) -> Id:  # fmt: skip
        """zh: 授权 {collector} 使用空白凭证 {first} 至 {last} 号，范围 {scope}，用途 {purpose}，{begins} 至 {ends} | en: Grant {collector} blanks {first} to {last} for {scope}, {purpose}, from {begins} to {ends}
        content: 空白凭证摘要 | Digest of the blank
        signature: 对空白凭证的签名 | Signature over the blank"""
        # what must hold
        ctx.require(ctx.has_role(collector, "collector"), self.not_collector, collector=collector)
        possible = 0 < first <= last and last - first < SERIALS_MAX
        ctx.require(possible, self.wrong_range, first=first, last=last, limit=SERIALS_MAX)
        ctx.require(begins <= ends and ctx.day <= ends, self.wrong_window, begins=begins, ends=ends, today=ctx.day)
        # what changes
        blank = ctx.new_id()
        self.blanks[blank] = Blank(
            supervisor=ctx.organisation, collector=collector, content=content, signature=signature, scope=scope,
            purpose=purpose, first=first, last=last, begins=begins, ends=ends,
        )  # fmt: skip
        # what is announced
        ctx.emit(Granted(blank=blank, supervisor=ctx.organisation, collector=collector, first=first, last=last))
        return blank

    # who may
    @action(on="blanks", party="collector", role="collector", permission="make", signed=("signature", "blank", "content"))
    def countersign(self, ctx, blank: Id, content: Digest, signature: Signature) -> None:
        """zh: 会签空白凭证 {blank} | en: Countersign blank {blank}
        content: 空白凭证摘要 | Digest of the blank
        signature: 对空白凭证的签名 | Signature over the blank"""
        row = self.blanks[blank]
        # what must hold
        ctx.require(row.status == "granted", self.wrong_status, status=row.status)
        ctx.require(row.content == content, self.other_content)
        # what changes
        self.blanks[blank] = row.replace(status="live", countersignature=signature)
        # what is announced
        ctx.emit(Changed(record=blank, collector=row.collector, subject=None, user=None, status="live"))

    # who may
    @action(on="blanks", role="supervisor", policy="credential")
    def set_blank(self, ctx, blank: Id, status: Literal["live", "suspended", "revoked"]) -> None:
        """zh: 空白凭证 {blank} 设为 {status} | en: Set blank {blank} to {status}"""
        row = self.blanks[blank]
        # what must hold
        possible = row.status == "live" or row.status == "suspended"
        ctx.require(possible and row.status != status, self.wrong_status, status=row.status)
        # what changes
        self.blanks[blank] = row.replace(status=status)
        # what is announced
        ctx.emit(Changed(record=blank, collector=row.collector, subject=None, user=None, status=status))

    # ---- issue 确权·发证 -----------------------------------------------------------------------------------------------

    # who may
    @action(on="blanks", role="subject", permission="make")
    def consent(self, ctx, blank: Id, content: Digest, until: Day) -> Id:
        """zh: 同意按空白凭证 {blank} 采集并发证，{until} 前有效 | en: Consent to a credential under blank {blank}, until {until}
        content: 同意书摘要 | Digest of the consent"""
        row = self.blanks[blank]
        # what must hold
        ctx.require(row.status == "live", self.wrong_status, status=row.status)
        ctx.require(ctx.day <= until, self.lapsed, until=until, today=ctx.day)
        # what changes
        consent = ctx.new_id()
        self.consents[consent] = Consent(blank=blank, subject=ctx.organisation, collector=row.collector, content=content, until=until)  # fmt: skip
        # what is announced
        ctx.emit(Consented(consent=consent, blank=blank, subject=ctx.organisation, collector=row.collector))
        return consent

    # who may
    @action(on="blanks", party="collector", role="collector", policy="credential", signed=("signature", "entity", "entity"))
    def issue(self, ctx, blank: Id, serial: int, subject: Org, consent: Id, address: Text, entity: Digest, signature: Signature, ends: Day) -> Id:  # fmt: skip
        """zh: 向 {subject} 签发 {blank} 第 {serial} 号数据资产凭证，存于 {address}，有效至 {ends} | en: Issue number {serial} of {blank} to {subject} at {address}, valid until {ends}
        entity: 实体凭证摘要 | Digest of the entity credential
        consent: 主体同意书 | The subject's consent
        signature: 对实体凭证的签名 | Signature over the entity credential"""
        return self.make(ctx, blank, serial, subject, consent, address, entity, signature, ends)

    # who may
    @action(on="assets", party="collector", role="collector", policy="credential", signed=("signature", "entity", "entity"))
    def replace_with(self, ctx, asset: Id, serial: int, consent: Id, address: Text, entity: Digest, signature: Signature, ends: Day) -> Id:  # fmt: skip
        """zh: 以第 {serial} 号凭证替换 {asset}，存于 {address}，有效至 {ends} | en: Replace {asset} by number {serial} at {address}, valid until {ends}
        consent: 主体同意书 | The subject's consent
        entity: 实体凭证摘要 | Digest of the entity credential
        signature: 对实体凭证的签名 | Signature over the entity credential"""
        old = self.assets[asset]
        # what must hold
        ctx.require(old.status != "revoked" and old.status != "replaced", self.wrong_status, status=old.status)
        # what changes
        new = self.make(ctx, old.blank, serial, old.subject, consent, address, entity, signature, ends)
        self.assets[asset] = old.replace(status="replaced", replaced_by=new)
        # what is announced
        ctx.emit(Changed(record=asset, collector=old.collector, subject=old.subject, user=None, status="replaced"))
        return new

    def make(self, ctx, blank: Id, serial: int, subject: Org, consent: Id, address: Text, entity: Digest, signature: Signature, ends: Day) -> Id:  # fmt: skip
        row = self.blanks[blank]
        given = self.consents[consent]
        # what must hold
        ctx.require(row.status == "live", self.wrong_status, status=row.status)
        in_window = row.begins <= ctx.day and ctx.day <= row.ends
        ctx.require(in_window, self.not_in_window, begins=row.begins, ends=row.ends, today=ctx.day)
        ctx.require(row.first <= serial <= row.last, self.wrong_serial, serial=serial, first=row.first, last=row.last)
        ctx.require((blank, serial) not in self.serials, self.taken, what=serial)
        ctx.require(ctx.has_role(subject, "subject"), self.not_subject, subject=subject)
        fits = given.blank == blank and given.subject == subject and not given.used and ctx.day <= given.until
        ctx.require(fits, self.no_consent, subject=subject)
        ctx.require(ctx.day <= ends, self.expired, ends=ends)
        self.claim_address(ctx, address, subject)
        # what changes
        asset = ctx.new_id()
        self.serials[(blank, serial)] = Serial(asset=asset)
        self.consents[consent] = given.replace(used=True)
        self.blanks[blank] = row.replace(issued=row.issued + 1)
        self.assets[asset] = Asset(
            address=address, blank_digest=row.content, blank_signature=row.signature, entity_digest=entity,
            entity_signature=signature, blank=blank, serial=serial, collector=row.collector, subject=subject,
            consent=consent, ends=ends, issued=ctx.day,
        )  # fmt: skip
        # what is announced
        ctx.emit(Issued(asset=asset, blank=blank, serial=serial, collector=row.collector, subject=subject))
        return asset

    # ---- store 产权·存证 -----------------------------------------------------------------------------------------------

    # who may
    @action(on="assets", party="subject", role="subject", permission="make")
    def store(self, ctx, asset: Id, entity: Digest, custody: Digest) -> None:
        """zh: 核验并接收数据资产凭证 {asset} | en: Check and accept credential {asset}
        entity: 实体凭证摘要 | Digest of the entity credential
        custody: 存证回执 | Custody receipt"""
        row = self.assets[asset]
        # what must hold
        ctx.require(row.status == "issued", self.wrong_status, status=row.status)
        ctx.require(row.entity_digest == entity, self.other_content)
        # what changes
        self.set_asset(ctx, asset, row.replace(stored=ctx.day, custody=custody), "stored")

    # who may: whoever issued it, whom it is about, or the supervisor
    @action(on="assets", permission="make")
    def set_status(self, ctx, asset: Id, status: Literal["stored", "suspended", "revoked"], reason: Digest) -> None:
        """zh: 数据资产凭证 {asset} 设为 {status} | en: Set credential {asset} to {status}
        reason: 依据 | Reason"""
        row = self.assets[asset]
        # what must hold
        asks = ctx.organisation
        allowed = asks == row.collector or asks == row.subject or ctx.has_role(asks, "supervisor")
        ctx.require(allowed, self.not_authority, caller=asks)
        over = row.status == "revoked" or row.status == "replaced" or row.status == status
        # Who has suspended it lifts it again, or the supervisor; what was never accepted cannot become so here.
        lifts = asks == row.suspended_by or ctx.has_role(asks, "supervisor")
        resumed = status != "stored" or (row.status == "suspended" and row.stored is not None and lifts)
        ctx.require(not over and resumed, self.wrong_status, status=row.status)
        # what changes
        suspended_by = asks if status == "suspended" else None
        self.set_asset(ctx, asset, row.replace(suspended_by=suspended_by), status)

    def set_asset(self, ctx, asset: Id, row: Asset, status: Text) -> None:
        self.assets[asset] = row.replace(status=status)
        ctx.emit(Changed(record=asset, collector=row.collector, subject=row.subject, user=None, status=status))

    # ---- exercise 行权·用证 --------------------------------------------------------------------------------------------

    # who may
    @action(on="assets", party="subject", role="subject", policy="credential")
    def allow(self, ctx, asset: Id, user: Org, purpose: Text, uses: int, until: Day, fee: Fen) -> Id:
        """zh: 授权 {user} 为 {purpose} 使用凭证 {asset} {uses} 次，至 {until}，每次 {fee}，不得转授 | en: Allow {user} {uses} uses of {asset} for {purpose} until {until} at {fee} each, none onward"""
        row = self.assets[asset]
        # what must hold
        self.require_usable(ctx, row)
        ctx.require(ctx.has_role(user, "user") and user != row.subject, self.not_user, user=user)
        ctx.require(uses >= 1 and fee >= 0, self.no_uses, left=uses)
        ctx.require(ctx.day <= until, self.lapsed, until=until, today=ctx.day)
        # what changes
        grant = ctx.new_id()
        self.grants[grant] = Grant(asset=asset, subject=row.subject, user=user, purpose=purpose, left=uses, until=until, fee=fee)  # fmt: skip
        # what is announced
        ctx.emit(Allowed(grant=grant, asset=asset, subject=row.subject, user=user, uses=uses, until=until, fee=fee))
        return grant

    # who may
    @action(on="grants", party="subject", permission="make")
    def disallow(self, ctx, grant: Id) -> None:
        """zh: 撤销用证授权 {grant} | en: Take back the allowance {grant}"""
        row = self.grants[grant]
        # what must hold
        ctx.require(not row.revoked, self.wrong_status, status="revoked")
        # what changes
        self.grants[grant] = row.replace(revoked=True)
        # what is announced
        ctx.emit(Changed(record=grant, collector=None, subject=row.subject, user=row.user, status="revoked"))

    # who may
    @action(on="grants", party="user", role="user", policy="credential", amount="fee", signed=("acceptance", "presentation", "presentation", "grant"))
    def exercise(self, ctx, grant: Id, source: Text, blank_digest: Digest, blank_signature: Signature, entity_digest: Digest, entity_signature: Signature, target: Text, purpose: Text, fee: Fen, presentation: Digest, acceptance: Signature) -> Id:  # fmt: skip
        """zh: 为 {purpose} 使用凭证：由 {source} 流通至 {target}，费用 {fee} | en: Use the credential for {purpose}: from {source} to {target} at {fee}
        grant: 用证授权 | Allowance
        blank_digest: 空白凭证摘要 | Digest of the blank
        blank_signature: 对空白凭证的签名 | Signature over the blank
        entity_digest: 实体凭证摘要 | Digest of the entity credential
        entity_signature: 对实体凭证的签名 | Signature over the entity credential
        presentation: 出示内容摘要 | Digest of what was shown
        acceptance: 对出示内容的签名 | Signature over what was shown"""
        row = self.grants[grant]
        asset = self.assets[row.asset]
        # what must hold
        self.require_usable(ctx, asset)
        ctx.require(not row.revoked, self.wrong_status, status="revoked")
        ctx.require(ctx.day <= row.until, self.lapsed, until=row.until, today=ctx.day)
        ctx.require(row.left >= 1, self.no_uses, left=row.left)
        ctx.require(source == asset.address, self.other_fields, field="source")
        ctx.require(blank_digest == asset.blank_digest, self.other_fields, field="blank digest")
        ctx.require(blank_signature == asset.blank_signature, self.other_fields, field="blank signature")
        ctx.require(entity_digest == asset.entity_digest, self.other_fields, field="entity digest")
        ctx.require(entity_signature == asset.entity_signature, self.other_fields, field="entity signature")
        alike = purpose == row.purpose and fee == row.fee
        ctx.require(alike, self.other_terms, purpose=row.purpose, fee=row.fee, signed=purpose, signed_fee=fee)
        ctx.require(presentation not in self.presentations, self.taken, what=presentation)
        self.claim_address(ctx, target, row.user)
        # what changes
        act = ctx.new_id()
        self.presentations[presentation] = Shown(act=act)
        self.grants[grant] = row.replace(left=row.left - 1)
        self.ledger[act] = Circulation(
            source=source, blank_digest=blank_digest, blank_signature=blank_signature, entity_digest=entity_digest,
            entity_signature=entity_signature, target=target, asset=row.asset, grant=grant, subject=row.subject,
            user=row.user, purpose=purpose, day=ctx.day, presentation=presentation, acceptance=acceptance, fee=fee,
            unpaid=fee,
        )  # fmt: skip
        if fee > 0:
            ctx.call("settlement", "instruct", (("fee", act, row.user, row.subject, None, fee, ctx.day),))
        # what is announced
        ctx.emit(Exercised(act=act, asset=row.asset, subject=row.subject, user=row.user, left=row.left - 1, fee=fee))
        return act

    # who may
    @action(on="ledger", role="operator", permission="make")
    def witness(self, ctx, act: Id) -> None:
        """zh: 支撑运营方见证流通行为 {act} | en: Witness circulation {act} as the operator"""
        row = self.ledger[act]
        # what must hold
        ctx.require(row.witness is None, self.taken, what=act)
        # what changes
        self.ledger[act] = row.replace(witness=ctx.organisation, unwitnessed=False)
        # what is announced
        ctx.emit(Changed(record=act, collector=None, subject=row.subject, user=row.user, status="witnessed"))

    # who may
    @action(callers="settlement")
    def paid(self, ctx, act: Id, amount: Fen) -> Answer:
        """zh: 流通 {act} 收到费用 {amount} | en: {amount} of the fee of {act} were paid"""
        row = self.ledger[act]
        self.ledger[act] = row.replace(unpaid=row.unpaid - amount)
        return Answer(in_time=True)

    # who may
    @action(callers="settlement")
    def returned(self, ctx, act: Id, amount: Fen, again: Fen) -> tuple[Text, Id, Org, Org, Org | None, Fen, Day]:
        """zh: 流通 {act} 的费用 {amount} 被退回 | en: {amount} of the fee of {act} came back"""
        row = self.ledger[act]
        self.ledger[act] = row.replace(unpaid=row.unpaid + amount)
        return ("fee", act, row.user, row.subject, None, again, ctx.day)

    # ---- helpers -----------------------------------------------------------------------------------------------------

    def require_usable(self, ctx, row: Asset) -> None:
        ctx.require(row.status == "stored", self.wrong_status, status=row.status)
        ctx.require(ctx.day <= row.ends, self.expired, ends=row.ends)
        blank = self.blanks[row.blank]
        ctx.require(blank.status == "live", self.wrong_status, status=blank.status)

    def claim_address(self, ctx, address: Text, owner: Org) -> None:
        """An address lies in its owner's space, names a ciphertext by digest, and is given once."""
        parts = address.split("/")
        head = parts[0].split(":")
        shaped = len(address) <= ADDRESS_CHARACTERS_MAX and len(parts) == 2 and len(head) == 2 and head[0] == "space"
        ctx.require(shaped and len(parts[1]) == DIGEST_CHARACTERS, self.bad_address, address=address)
        space = self.spaces.get(head[1])
        ctx.require(space is not None and space.owner == owner, self.other_space, space=head[1], owner=None if space is None else space.owner, expected=owner)  # fmt: skip
        ctx.require(address not in self.addresses, self.taken, what=address)
        self.addresses[address] = Space(owner=owner, opened=ctx.day)

    # ---- views -------------------------------------------------------------------------------------------------------

    @view
    def blank(self, ctx, blank: Id) -> Blank:
        """zh: 空白凭证 | en: A blank"""
        return self.blanks[blank]

    @view
    def asset(self, ctx, asset: Id) -> Asset:
        """zh: 数据资产凭证 | en: A credential"""
        return self.assets[asset]

    @view
    def status(self, ctx, asset: Id) -> Text:
        """zh: 凭证状态（按今日判定） | en: A credential's status as of today"""
        row = self.assets[asset]
        live = row.status == "issued" or row.status == "stored" or row.status == "suspended"
        if live and ctx.day > row.ends:
            return "expired"
        if live and self.blanks[row.blank].status != "live":
            return "suspended"
        return row.status

    @view
    def expression(self, ctx, asset: Id) -> tuple[Text, Digest, Signature, Digest, Signature]:
        """zh: 数据资产凭证表达式 | en: The plan's expression of a credential"""
        row = self.assets[asset]
        return (row.address, row.blank_digest, row.blank_signature, row.entity_digest, row.entity_signature)

    @view
    def circulation(self, ctx, act: Id) -> tuple[Text, Digest, Signature, Digest, Signature, Id, Text]:
        """zh: 凭证流通表达式 | en: The plan's expression of a circulation"""
        row = self.ledger[act]
        signed = (row.blank_digest, row.blank_signature, row.entity_digest, row.entity_signature)
        return (row.source, signed[0], signed[1], signed[2], signed[3], act, row.target)

    @view
    def trace(self, ctx, asset: Id, after: Id | None = None) -> tuple[tuple[Id, Circulation], ...]:
        """zh: 凭证流通溯源 | en: Every circulation of a credential"""
        return self.of_asset.rows(asset, after=after, limit=256)

    @view
    def used_by(self, ctx, user: Org, after: Id | None = None) -> tuple[tuple[Id, Circulation], ...]:
        """zh: 使用方的用证记录 | en: What a user has used"""
        return self.of_user.rows(user, after=after, limit=256)

    @view
    def held_by(self, ctx, subject: Org, after: Id | None = None) -> tuple[tuple[Id, Asset], ...]:
        """zh: 主体的凭证 | en: A subject's credentials"""
        return self.assets_of.rows(subject, after=after, limit=256)

    @view
    def to_exercise(self, ctx, user: Org) -> tuple[tuple[Id, Grant], ...]:
        """zh: 可行使的授权 | en: What a user may exercise"""
        rows = self.grants_to.rows(user, limit=1024)
        return tuple((key, row) for key, row in rows if row.left > 0 and not row.revoked and ctx.day <= row.until)

    @view
    def to_countersign(self, ctx, collector: Org, after: Id | None = None) -> tuple[tuple[Id, Blank], ...]:
        """zh: 待会签的空白凭证 | en: Blanks that a collector has to countersign"""
        return self.blanks_of.rows(collector, "granted", after=after, limit=256)

    @view
    def to_issue(self, ctx, collector: Org, after: Id | None = None) -> tuple[tuple[Id, Consent], ...]:
        """zh: 待发证的同意书 | en: Consents that a collector may act on"""
        return self.consents_to.rows(collector, False, after=after, limit=256)

    @view
    def to_store(self, ctx, subject: Org, after: Id | None = None) -> tuple[tuple[Id, Asset], ...]:
        """zh: 待存证的凭证 | en: Credentials that a subject has to check and store"""
        return self.assets_of.rows(subject, "issued", after=after, limit=256)

    @view
    def to_witness(self, ctx, operator: Org, after: Id | None = None) -> tuple[tuple[Id, Circulation], ...]:
        """zh: 待见证的流通 | en: Circulations that the operator has to witness"""
        return self.witnessless.rows(after=after, limit=256) if ctx.has_role(operator, "operator") else ()
