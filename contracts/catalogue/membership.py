"""zh: 成员管理：机构、人员、资质 | en: Membership: organisations, people, capacities

Plan p.7, 36. The operator invites an organisation, the supervisor admits it; nobody else can. What a member may do
beyond its roles are capacities, each licensed by the supervisor until a day and with a document's digest. People belong
to one organisation, whose administrator enrols them and says what each may do: `admin` keeps this register, `make`
makes, `check` checks. Nothing is ever erased: who left or was suspended stays on record. Names
are given once, and no name looks like another organisation's.

The engine reads `organisations`, `people` and `capacities` to know who is asking.
"""

from contracts.sdk import Contract, Day, Digest, Event, Genesis, Index, Key, Literal, Map, Org, Record, Refusal, Text
from contracts.sdk import Time, action, is_credit_code, look_of, view

PERMISSIONS = ("admin", "make", "check")
RUNNING = ("active", "suspended")
OBJECTION_MS = 259200000  # 72 hours
NO_END = 54786  # 2119-12-31: what the genesis grants
ROWS_MAX = 256


class Organisation(Record):
    name_zh: Text
    name_en: Text
    credit_code: Text
    roles: tuple[Literal["operator", "supervisor", "collector", "subject", "user"], ...]
    status: Literal["applied", "active", "suspended", "left"]
    administrator: Key
    since: Day
    document: Digest | None = None  # the legal representative's authorisation; then the last order
    statement_key: Key | None = None  # with which a bank signs its statements
    successor: Org | None = None


class Person(Record):
    organisation: Org
    permissions: tuple[Literal["admin", "make", "check"], ...]
    status: Literal["active", "retired"]
    since: Day


class Capacity(Record):
    until: Day
    document: Digest | None = None


class Code(Record):
    organisation: Org


class Recovery(Record):
    administrator: Key
    document: Digest
    at: Time


class Applicant(Record):
    """zh: 申请机构 | en: An applicant
    organisation: 机构代号 | Name
    name_zh: 中文名称 | Chinese name
    name_en: 英文名称 | English name
    credit_code: 统一社会信用代码 | Credit code
    administrator: 管理员公钥 | Key of the administrator
    document: 授权文件摘要 | Digest of the authorisation"""

    organisation: Org
    name_zh: Text
    name_en: Text
    credit_code: Text
    administrator: Key
    document: Digest


class Licence(Record):
    """zh: 资质 | en: A licence
    organisation: 机构 | Organisation
    capacity: 资质 | Capacity
    until: 有效至 | Valid until
    document: 批准文件 | Document"""

    organisation: Org
    capacity: Literal[
        "core", "supplier", "bank", "factor", "guarantor", "warehouse", "custodian", "manager", "rating", "exchange",
        "registry", "invoice_verifier", "ca", "insurer", "law_firm",
    ]  # fmt: skip
    until: Day
    document: Digest


class StatusChanged(Event):
    organisation: Org
    status: Text
    document: Digest | None


class CapacityChanged(Event):
    organisation: Org
    capacity: Literal[
        "core", "supplier", "bank", "factor", "guarantor", "warehouse", "custodian", "manager", "rating", "exchange",
        "registry", "invoice_verifier", "ca", "insurer", "law_firm",
    ]  # fmt: skip
    until: Day


class PersonChanged(Event):
    organisation: Org
    person: Key
    status: Text
    permissions: tuple[Literal["admin", "make", "check"], ...]


class RecoveryChanged(Event):
    organisation: Org
    status: Text


class Succeeded(Event):
    organisation: Org
    successor: Org
    status: Text


class Membership(Contract):
    organisations = Map(Org, Organisation)
    people = Map(Key, Person)
    capacities = Map((Org, Text), Capacity)
    codes = Map(Text, Code)
    recoveries = Map(Org, Recovery)
    looks = Map(Text, Code)  # whose name looks so
    staff = Index(people, by="organisation")
    by_status = Index(organisations, by="status")

    taken = Refusal("MEM-001", zh="机构代号 {organisation} 已被使用", en="the name {organisation} is taken")
    bad_code = Refusal("MEM-002", zh="统一社会信用代码 {code} 不正确", en="{code} is no credit code")
    code_taken = Refusal("MEM-003", zh="统一社会信用代码 {code} 已属于 {organisation}", en="{code} belongs to {organisation}")
    key_taken = Refusal("MEM-004", zh="该密钥已登记于 {organisation}", en="the key is registered with {organisation}")
    bad_name = Refusal("MEM-005", zh="机构代号 {name} 应为 2 至 24 位小写字母、数字或连字符", en="{name} is no name")
    wrong_status = Refusal("MEM-006", zh="机构状态为 {status}，不能办理", en="the organisation is {status}")
    not_staff = Refusal("MEM-007", zh="该人员属于 {organisation}", en="the person belongs to {organisation}")
    past = Refusal("MEM-009", zh="截止日 {until} 早于今日 {today}", en="{until} lies before today, {today}")
    last_admin = Refusal(
        "MEM-010", zh="管理员密钥只能更换，不能停用", en="the administrator's key is replaced, not retired"
    )
    too_early = Refusal("MEM-011", zh="异议期未满，至 {at}", en="the old key may object until {at}")
    no_look = Refusal("MEM-015", zh="名称 {name} 须由汉字、拉丁字母、数字与常用标点组成", en="the name {name} must consist of Chinese characters, Latin letters, digits and common marks")
    alike = Refusal("MEM-014", zh="名称 {name} 与 {organisation} 的名称看上去相同", en="the name {name} looks like that of {organisation}")
    still_open = Refusal(
        "MEM-016",
        zh="机构尚有未了业务：持有凭证 {held} 张、未清偿凭证 {owed} 张、授信额度 {lines} 项、未结付款 {payments} 笔、担保 {guarantees} 项、融资 {financings} 项、验证节点 {nodes} 个",
        en="business is open: {held} vouchers held, {owed} to be paid, {lines} credit lines, {payments} payments, {guarantees} guarantees, {financings} financings, {nodes} validators",
    )
    no_successor = Refusal(
        "MEM-017", zh="{successor} 不能承继 {organisation}：须为另一家有效机构", en="{successor} cannot succeed {organisation}: another active organisation can"
    )
    repeated = Refusal("MEM-012", zh="{name} 重复", en="{name} stands twice")
    no_key = Refusal("MEM-013", zh="{key} 不是可用的公钥", en="{key} is no public key that anybody could sign with")

    def genesis(self, ctx, facts: Genesis) -> None:
        for member in facts.members:
            self.check_new(ctx, member.organisation, member.credit_code, member.administrator)
            self.organisations[member.organisation] = Organisation(
                name_zh=member.name_zh,
                name_en=member.name_en,
                credit_code=member.credit_code,
                roles=member.roles,
                status="active",
                administrator=member.administrator,
                since=ctx.day,
            )
            self.codes[member.credit_code] = Code(organisation=member.organisation)
            self.take_names(ctx, member.organisation, member.name_zh, member.name_en)
            self.people[member.administrator] = self.administrator_of(ctx, member.organisation)
            for capacity in member.capacities:
                self.capacities[member.organisation, capacity] = Capacity(until=NO_END)

    # who may
    @action(role="operator", permission="make")
    def invite(
        self,
        ctx,
        organisation: Org,
        name_zh: Text,
        name_en: Text,
        credit_code: Text,
        administrator: Key,
        document: Digest,
    ) -> None:
        """zh: 邀请 {name_zh}（英文名称 {name_en}）加入，机构代号 {organisation}，统一社会信用代码 {credit_code} | en: Invite {name_en} ({name_zh}) as {organisation}, credit code {credit_code}
        organisation: 机构代号 | name
        administrator: 管理员公钥 | administrator's key
        document: 授权文件摘要 | digest of the authorisation
        """
        self.enter(
            ctx,
            Applicant(
                organisation=organisation,
                name_zh=name_zh,
                name_en=name_en,
                credit_code=credit_code,
                administrator=administrator,
                document=document,
            ),
        )

    # who may
    @action(role="operator", permission="make")
    def invite_many(self, ctx, applicants: tuple[Applicant, ...]) -> None:
        """zh: 批量邀请机构加入 | en: Invite organisations from a file
        applicants: 机构 | Organisations"""
        for applicant in applicants:
            self.enter(ctx, applicant)

    def check_new(self, ctx, organisation: Org, code: Text, administrator: Key) -> None:
        """Refuses an organisation, code or key that somebody has already, in the genesis too."""
        ctx.require(organisation not in self.organisations, self.taken, organisation=organisation)
        known = self.codes.get(code)
        if known is not None:
            ctx.refuse(self.code_taken, code=code, organisation=known.organisation)
        self.check_key(ctx, administrator)

    def check_key(self, ctx, key: Key) -> None:
        """Refuses a key that nobody could sign with, or that somebody has already."""
        ctx.require(ctx.is_key(key), self.no_key, key=key)
        owner = self.people.get(key)
        if owner is not None:
            ctx.refuse(self.key_taken, organisation=owner.organisation)

    def take_names(self, ctx, organisation: Org, name_zh: Text, name_en: Text) -> None:
        """A name belongs to whoever had it first, however it is spaced and in whatever width and case it is typed."""
        for name in (name_zh, name_en):
            look = look_of(name)
            ctx.require(look != "", self.no_look, name=name)
            known = self.looks.get(look)
            if known is not None and known.organisation != organisation:
                ctx.refuse(self.alike, name=name, organisation=known.organisation)
            self.looks[look] = Code(organisation=organisation)

    def enter(self, ctx, applicant: Applicant) -> None:
        # what must hold
        ctx.require(self.is_name(applicant.organisation), self.bad_name, name=applicant.organisation)
        ctx.require(is_credit_code(applicant.credit_code), self.bad_code, code=applicant.credit_code)
        self.check_new(ctx, applicant.organisation, applicant.credit_code, applicant.administrator)
        # what changes
        self.organisations[applicant.organisation] = Organisation(
            name_zh=applicant.name_zh,
            name_en=applicant.name_en,
            credit_code=applicant.credit_code,
            roles=(),
            status="applied",
            administrator=applicant.administrator,
            since=ctx.day,
            document=applicant.document,
        )
        self.codes[applicant.credit_code] = Code(organisation=applicant.organisation)
        self.take_names(ctx, applicant.organisation, applicant.name_zh, applicant.name_en)
        self.people[applicant.administrator] = self.administrator_of(ctx, applicant.organisation)
        # what is announced
        ctx.emit(StatusChanged(organisation=applicant.organisation, status="applied", document=applicant.document))

    # who may
    @action(role="supervisor", permission="make")
    def admit(self, ctx, organisations: tuple[Org, ...], roles: tuple[Literal["operator", "supervisor", "collector", "subject", "user"], ...]) -> None:
        """zh: 准入 {organisations}，角色 {roles} | en: Admit {organisations} with the roles {roles}"""
        for organisation in organisations:
            row = self.organisations[organisation]
            # what must hold
            ctx.require(row.status == "applied", self.wrong_status, status=row.status)
            # what changes
            self.organisations[organisation] = row.replace(status="active", roles=roles, since=ctx.day)
            # what is announced
            ctx.emit(StatusChanged(organisation=organisation, status="active", document=row.document))

    # who may
    @action(role="supervisor", permission="make")
    def assign(self, ctx, organisation: Org, roles: tuple[Literal["operator", "supervisor", "collector", "subject", "user"], ...]) -> None:
        """zh: 将 {organisation} 的角色定为 {roles} | en: Give {organisation} the roles {roles}"""
        row = self.organisations[organisation]
        self.organisations[organisation] = row.replace(roles=roles)
        ctx.emit(StatusChanged(organisation=organisation, status=row.status, document=None))

    # who may
    @action(role="supervisor", permission="make")
    def suspend(self, ctx, organisation: Org, order: Digest) -> None:
        """zh: 暂停 {organisation} 的业务，依据 {order} | en: Suspend {organisation}, by order {order}"""
        self.change(ctx, organisation, "active", "suspended", order)

    # who may
    @action(role="supervisor", permission="make")
    def reinstate(self, ctx, organisation: Org, order: Digest) -> None:
        """zh: 恢复 {organisation} 的业务，依据 {order} | en: Reinstate {organisation}, by order {order}"""
        self.change(ctx, organisation, "suspended", "active", order)

    # who may
    @action(role="supervisor", permission="make")
    def dismiss(self, ctx, organisation: Org, order: Digest) -> None:
        """zh: 办理 {organisation} 退出，依据 {order} | en: Let {organisation} leave, by order {order}"""
        # what must hold: nothing waits for it and nobody waits for it
        row = self.organisations[organisation]
        ctx.require(row.status in RUNNING, self.wrong_status, status=row.status)
        held, owed, lines, payments, guarantees, financings, nodes = self.open_business(ctx, organisation)
        ctx.require(
            held + owed + lines + payments + guarantees + financings + nodes == 0, self.still_open,
            held=held, owed=owed, lines=lines, payments=payments, guarantees=guarantees, financings=financings, nodes=nodes,
        )  # fmt: skip
        # what changes and what is announced
        self.change(ctx, organisation, row.status, "left", order)

    def open_business(self, ctx, organisation: Org) -> tuple[int, int, int, int, int, int, int]:
        """What an organisation holds, owes, has lent or borrowed, has to pay or get, stands in for, has financed or sold,
        and which validators are its; each is counted up to a page. A chain need not have every contract."""
        there = ctx.view("governance", "list_contracts", None)
        held, owed, lines, payments, guarantees, financings = (0, 0, 0, 0, 0, 0)
        if "voucher" in there:
            held, owed = ctx.view("voucher", "open_for", organisation)
        if "credit" in there:
            lines = ctx.view("credit", "open_for", organisation)
        if "settlement" in there:
            payments = ctx.view("settlement", "open_for", organisation)
        if "guarantee" in there:
            guarantees = ctx.view("guarantee", "open_for", organisation)
        if "finance" in there:
            financings = ctx.view("finance", "open_for", organisation)
        nodes = ctx.view("governance", "validators_of", organisation)
        return (held, owed, lines, payments, guarantees, financings, nodes)

    def change(self, ctx, organisation: Org, before: Text, after: Text, order: Digest) -> None:
        row = self.organisations[organisation]
        ctx.require(row.status == before, self.wrong_status, status=row.status)
        self.organisations[organisation] = row.replace(status=after, document=order)
        ctx.emit(StatusChanged(organisation=organisation, status=after, document=order))

    # who may
    @action(role="supervisor", permission="make")
    def succeed(self, ctx, organisation: Org, successor: Org, order: Digest) -> None:
        """zh: 登记 {successor} 承继 {organisation}，依据 {order} | en: Record {successor} as successor of {organisation}, by order {order}"""
        row = self.organisations[organisation]
        # what must hold
        ctx.require(row.status in RUNNING, self.wrong_status, status=row.status)
        able = successor != organisation and ctx.is_active(successor)
        ctx.require(able, self.no_successor, organisation=organisation, successor=successor)
        # what changes: what is open stays where it is, and is wound up under the old name
        left = sum(self.open_business(ctx, organisation)) == 0
        status = "left" if left else row.status
        self.organisations[organisation] = row.replace(status=status, successor=successor, document=order)
        # what is announced
        ctx.emit(Succeeded(organisation=organisation, successor=successor, status=status))

    # who may
    @action(role="supervisor", permission="make")
    def license(
        self, ctx, organisation: Org,
        capacity: Literal[
            "core", "supplier", "bank", "factor", "guarantor", "warehouse", "custodian", "manager", "rating",
            "exchange", "registry", "invoice_verifier", "ca", "insurer", "law_firm",
        ],
        until: Day, document: Digest,
    ) -> None:  # fmt: skip
        """zh: 授予 {organisation} 资质 {capacity}，有效至 {until} | en: License {organisation} as {capacity} until {until}
        document: 批准文件 | Document"""
        self.grant(ctx, Licence(organisation=organisation, capacity=capacity, until=until, document=document))

    # who may
    @action(role="supervisor", permission="make")
    def license_many(self, ctx, licences: tuple[Licence, ...]) -> None:
        """zh: 批量授予资质 | en: Grant capacities from a file
        licences: 资质 | Capacities"""
        for licence in licences:
            self.grant(ctx, licence)

    def grant(self, ctx, licence: Licence) -> None:
        ctx.require(licence.until >= ctx.day, self.past, until=licence.until, today=ctx.day)
        ctx.require(licence.organisation in self.organisations, self.wrong_status, status=None)
        self.capacities[licence.organisation, licence.capacity] = Capacity(
            until=licence.until, document=licence.document
        )
        ctx.emit(CapacityChanged(organisation=licence.organisation, capacity=licence.capacity, until=licence.until))

    # who may
    @action(role="supervisor", permission="make")
    def revoke(
        self, ctx, organisation: Org,
        capacity: Literal[
            "core", "supplier", "bank", "factor", "guarantor", "warehouse", "custodian", "manager", "rating",
            "exchange", "registry", "invoice_verifier", "ca", "insurer", "law_firm",
        ],
        order: Digest,
    ) -> None:  # fmt: skip
        """zh: 撤销 {organisation} 的资质 {capacity} | en: Revoke {organisation}'s capacity {capacity}
        order: 依据 | Order"""
        row = self.capacities[organisation, capacity]
        self.capacities[organisation, capacity] = row.replace(until=ctx.day - 1, document=order)
        ctx.emit(CapacityChanged(organisation=organisation, capacity=capacity, until=ctx.day - 1))

    # who may
    @action(permission="admin")
    def enrol(self, ctx, person: Key, permissions: tuple[Literal["admin", "make", "check"], ...]) -> None:
        """zh: 登记人员 {person}，权限 {permissions} | en: Enrol {person} with the permissions {permissions}"""
        self.check_key(ctx, person)
        self.people[person] = Person(
            organisation=ctx.organisation, permissions=permissions, status="active", since=ctx.day
        )
        ctx.emit(PersonChanged(organisation=ctx.organisation, person=person, status="active", permissions=permissions))

    # who may
    @action(on="people", party="organisation", permission="admin")
    def permit(self, ctx, person: Key, permissions: tuple[Literal["admin", "make", "check"], ...]) -> None:
        """zh: 将 {person} 的权限改为 {permissions} | en: Change what {person} may do to {permissions}"""
        row = self.people[person]
        ctx.require(person != self.organisations[ctx.organisation].administrator, self.last_admin)
        self.people[person] = row.replace(permissions=permissions)
        ctx.emit(
            PersonChanged(organisation=ctx.organisation, person=person, status=row.status, permissions=permissions)
        )

    # who may
    @action(on="people", party="organisation", permission="admin")
    def retire(self, ctx, person: Key) -> None:
        """zh: 停用人员 {person} | en: Retire {person}"""
        row = self.people[person]
        ctx.require(person != self.organisations[ctx.organisation].administrator, self.last_admin)
        self.people[person] = row.replace(status="retired", permissions=())
        ctx.emit(PersonChanged(organisation=ctx.organisation, person=person, status="retired", permissions=()))

    # who may
    @action(permission="admin")
    def rotate(self, ctx, administrator: Key) -> None:
        """zh: 更换管理员密钥为 {administrator} | en: Replace the administrator's key by {administrator}"""
        self.check_key(ctx, administrator)
        self.install(ctx, ctx.organisation, administrator)

    def install(self, ctx, organisation: Org, administrator: Key) -> None:
        row = self.organisations[organisation]
        old = self.people[row.administrator]
        self.people[row.administrator] = old.replace(status="retired", permissions=())
        self.people[administrator] = self.administrator_of(ctx, organisation)
        self.organisations[organisation] = row.replace(administrator=administrator)
        ctx.emit(
            PersonChanged(organisation=organisation, person=administrator, status="active", permissions=PERMISSIONS)
        )

    # who may: key loss; the old key has 72 hours to object
    @action(role="supervisor", permission="make")
    def recover(self, ctx, organisation: Org, administrator: Key, document: Digest) -> None:
        """zh: 为 {organisation} 启动密钥恢复，新密钥 {administrator} | en: Recover {organisation}'s key: {administrator}
        document: 申请文件 | Document"""
        row = self.organisations[organisation]
        ctx.require(row.status != "left", self.wrong_status, status=row.status)
        self.check_key(ctx, administrator)
        self.recoveries[organisation] = Recovery(
            administrator=administrator, document=document, at=ctx.time + OBJECTION_MS
        )
        ctx.emit(RecoveryChanged(organisation=organisation, status="started"))

    # who may
    @action(permission="admin")
    def object(self, ctx) -> None:
        """zh: 对本机构的密钥恢复提出异议 | en: Object to the recovery of our key"""
        self.recoveries.remove(ctx.organisation)
        ctx.emit(RecoveryChanged(organisation=ctx.organisation, status="objected"))

    # who may
    @action(role="supervisor", on="recoveries", permission="make")
    def take_over(self, ctx, organisation: Org) -> None:
        """zh: 异议期满，启用 {organisation} 的新密钥 | en: Put {organisation}'s new key into force"""
        row = self.recoveries[organisation]
        ctx.require(ctx.time >= row.at, self.too_early, at=row.at)
        self.recoveries.remove(organisation)
        self.install(ctx, organisation, row.administrator)
        ctx.emit(RecoveryChanged(organisation=organisation, status="done"))

    # who may
    @action(capacity="bank", permission="admin")
    def set_statement_key(self, ctx, key: Key) -> None:
        """zh: 将银行回单签名公钥设为 {key} | en: Sign our statements with {key} from now on"""
        ctx.require(ctx.is_key(key), self.no_key, key=key)
        row = self.organisations[ctx.organisation]
        self.organisations[ctx.organisation] = row.replace(statement_key=key)
        ctx.emit(StatusChanged(organisation=ctx.organisation, status=row.status, document=None))

    def administrator_of(self, ctx, organisation: Org) -> Person:
        return Person(organisation=organisation, permissions=PERMISSIONS, status="active", since=ctx.day)

    def is_name(self, name: Text) -> bool:
        letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
        return 2 <= len(name) <= 24 and all(name[i : i + 1] in letters for i in range(len(name)))

    @view
    def organisation(self, ctx, organisation: Org) -> Organisation:
        """zh: 机构 | en: An organisation"""
        return self.organisations[organisation]

    @view
    def list_organisations(self, ctx, after: Org | None = None) -> tuple[Org, ...]:
        """zh: 机构名单 | en: Organisations by name"""
        return self.organisations.keys(after=after, limit=ROWS_MAX)

    @view
    def still_open_for(self, ctx, organisation: Org) -> tuple[int, int, int, int, int, int, int]:
        """zh: 未了业务：持有凭证、未清偿凭证、授信额度、未结付款、担保、融资、验证节点的件数 | en: Open business: vouchers held and owed, lines, payments, guarantees, financings, validators"""
        return self.open_business(ctx, organisation)

    @view
    def to_admit(self, ctx, supervisor: Org, after: Org | None = None) -> tuple[tuple[Org, Organisation], ...]:
        """zh: 待准入的机构 | en: Organisations that the supervisor has to admit"""
        is_supervisor = ctx.has_role(supervisor, "supervisor")
        return self.by_status.rows("applied", after=after, limit=ROWS_MAX) if is_supervisor else ()

    @view
    def to_object(self, ctx, organisation: Org) -> tuple[tuple[Org, Recovery], ...]:
        """zh: 他人为本机构启动的密钥恢复，可提出异议 | en: A recovery of our key, to which we may object"""
        row = self.recoveries.get(organisation)
        return () if row is None else ((organisation, row),)

    @view
    def to_take_over(self, ctx, supervisor: Org, after: Org | None = None) -> tuple[tuple[Org, Recovery], ...]:
        """zh: 异议期中或期满的密钥恢复 | en: Recoveries of keys, before and after the time to object"""
        return self.recoveries.rows(after=after, limit=ROWS_MAX) if ctx.has_role(supervisor, "supervisor") else ()

    @view
    def applicants(self, ctx, after: Org | None = None) -> tuple[Org, ...]:
        """zh: 待准入机构 | en: Organisations that wait for admission"""
        return self.by_status.keys("applied", after=after, limit=ROWS_MAX)

    @view
    def person(self, ctx, person: Key) -> Person:
        """zh: 人员 | en: A person"""
        return self.people[person]

    @view
    def staff_of(self, ctx, organisation: Org, after: Key | None = None) -> tuple[Key, ...]:
        """zh: 机构人员 | en: An organisation's people"""
        return self.staff.keys(organisation, after=after, limit=ROWS_MAX)

    @view
    def capacities_of(self, ctx, organisation: Org) -> tuple[tuple[Text, Day], ...]:
        """zh: 机构资质 | en: An organisation's capacities, with their last days"""
        rows = self.capacities.rows(organisation, limit=ROWS_MAX)
        return tuple((key[1], row.until) for key, row in rows)

    @view
    def statement_key(self, ctx, bank: Org) -> Key | None:
        """zh: 银行回单签名公钥 | en: The key with which a bank signs its statements"""
        row = self.organisations.get(bank)
        return row.statement_key if row is not None else None
