"""zh: 治理：合约生命周期、参数、审批规则、验证节点 | en: Governance: contracts, parameters, approval rules, validators

Plan p.13; business rules 4 and 4b.13. Everything here is a proposal of a kind; a kind's ballot says whose approvals it
needs. draft → approved → (a contract: scheduled at a height) → in force. The operator uploads contracts and cannot
approve them. What a contract keeps belongs to its name: an upgrade replaces the code for all from its height on, and
records can only grow at their end. A dry run of a contract is `lugang contract check`, which is the chain's own check.

Policies are tables of (from amount, checkers): an organisation's own, or else the one for all (no organisation).

The engine reads `contracts`, `sources`, `parameters`, `policies` and `validators`.
"""

from contracts.sdk import Bytes, Contract, Day, Digest, Event, Fen, Genesis, Height, Id, Index, Key, Literal, LongText
from contracts.sdk import Map, Org, Record, Refusal, Text, action, sweep, view

OPEN_DAYS = 30
NAME_MAX = 40
BANDS_MAX = 16
STEPS_MAX = 200
VALIDATORS_MIN = 4
VALIDATORS_MAX = 64
ADDRESSES_MAX = 8
ADDRESS_CHARACTERS_MAX = 128
HOSTS = ("ip4", "ip6", "dns", "dns4", "dns6")
ROWS_MAX = 256
SYSTEM = ("membership", "governance", "calendar", "approval", "batch")


class Deployed(Record):
    number: int
    source: Digest
    interface: Digest
    status: Literal["active", "frozen", "retired"]
    version: int
    since: Height


class Version(Record):
    """What a contract was from height `since` on, until its next version."""

    source: Digest
    interface: Digest
    since: Height


class Source(Record):
    text: LongText


class Parameter(Record):
    """Values by the day from which they hold, ascending."""

    steps: tuple[tuple[Day, int], ...]


class Band(Record):
    """zh: 档位 | en: A band
    from_amount: 金额起点 | From amount
    checkers: 复核人数 | Checkers"""

    from_amount: Fen
    checkers: int


class Policy(Record):
    bands: tuple[Band, ...]


class Ballot(Record):
    roles: tuple[Literal["operator", "supervisor", "collector", "subject", "user"], ...]
    count: int


class Validator(Record):
    organisation: Org
    transport_key: Bytes
    addresses: tuple[Text, ...]


class Proposal(Record):
    kind: Literal["contract", "status", "parameter", "policy", "ballot", "validator"]
    proposer: Org
    name: Text  # a contract, a parameter, a policy, a ballot's kind
    until: Day
    status: Literal["draft", "scheduled", "done", "withdrawn", "lapsed", "failed"] = "draft"
    approvals: tuple[Org, ...] = ()
    source: Digest | None = None
    interface: Digest | None = None
    height: Height | None = None
    value: int = 0
    from_day: Day | None = None
    organisation: Text = ""
    bands: tuple[Band, ...] = ()
    roles: tuple[Literal["operator", "supervisor", "collector", "subject", "user"], ...] = ()
    state: Text = ""  # the status that a contract shall have
    key: Key | None = None
    transport_key: Bytes = b""
    addresses: tuple[Text, ...] = ()
    open: bool = True
    due: Height | None = None


class Proposed(Event):
    proposal: Id
    kind: Text
    name: Text
    proposer: Org


class Approved(Event):
    proposal: Id
    organisation: Org
    missing: int


class Done(Event):
    proposal: Id
    kind: Text
    name: Text
    outcome: Text


class Governance(Contract):
    contracts = Map(Text, Deployed)
    sources = Map(Digest, Source)
    parameters = Map(Text, Parameter)
    policies = Map((Text, Text), Policy)
    ballots = Map(Text, Ballot)
    validators = Map(Key, Validator)
    proposals = Map(Id, Proposal, placed_by="transaction")
    numbers = Map(Text, Parameter)
    versions = Map((Text, int), Version)
    scheduled = Index(proposals, by="due")
    lapsing = Index(proposals, by="until", where="open")
    by_interface = Index(versions, by="interface")

    bad_name = Refusal("GOV-001", zh="合约名称 {name} 应为小写字母、数字或下划线", en="{name} is no contract's name")
    not_open = Refusal("GOV-002", zh="提案状态为 {status}", en="the proposal is {status}")
    twice = Refusal("GOV-003", zh="{organisation} 已经批准过", en="{organisation} has approved before")
    no_vote = Refusal("GOV-004", zh="{kind} 类提案须由 {roles} 批准", en="a {kind} is approved by {roles}")
    own_upload = Refusal("GOV-005", zh="合约须由其他机构批准", en="a contract is approved by others than who uploads")
    bad_bands = Refusal("GOV-006", zh="额度档位须从 0 起递增", en="bands begin at 0 and rise")
    too_few = Refusal("GOV-007", zh="验证节点不得少于 {least} 个", en="there are at least {least} validators")
    past = Refusal("GOV-008", zh="生效日 {day} 早于今日 {today}", en="{day} lies before today, {today}")
    not_proposer = Refusal("GOV-009", zh="提案由 {proposer} 提出", en="{proposer} has proposed it")
    retired = Refusal("GOV-010", zh="合约 {name} 已退役", en="the contract {name} is retired")
    needed = Refusal("GOV-012", zh="系统合约 {name} 不能冻结或退役", en="the chain cannot do without {name}")
    no_validator = Refusal(
        "GOV-013",
        zh="{organisation} 的 {key} 不能成为验证节点：公钥、机构、通信公钥或地址无效，或通信公钥已属于其他节点",
        en="{key} of {organisation} cannot validate: the key, the organisation, the addresses, or the transport key, which may be another's",
    )
    too_many = Refusal("GOV-014", zh="验证节点不得多于 {most} 个", en="there are at most {most} validators")
    unknown_validator = Refusal("GOV-015", zh="{key} 不是验证节点", en="{key} is no validator")
    lapsed = Refusal("GOV-011", zh="提案已于 {until} 失效", en="the proposal lapsed on {until}")

    def genesis(self, ctx, facts: Genesis) -> None:
        for entry in facts.contracts:
            self.sources[entry.digest] = Source(text=entry.source)
            self.enter(entry.name, entry.number, entry.digest, entry.interface, 0)
        self.numbers["next"] = Parameter(steps=((0, len(facts.contracts) + 1),))
        for parameter in facts.parameters:
            if len(parameter.days) == 0:
                self.set_parameter(parameter.name, parameter.from_day, parameter.value)
        for policy in facts.policies:
            if policy.kind == "ballot":
                self.ballots[policy.name] = Ballot(roles=policy.roles, count=policy.count)
            else:
                bands = tuple([Band(from_amount=start, checkers=count) for start, count in policy.bands])
                self.policies[policy.organisation, policy.name] = Policy(bands=bands)
        for entry in facts.validators:
            self.validators[entry.key] = Validator(
                organisation=entry.organisation, transport_key=entry.transport_key, addresses=entry.addresses
            )

    def enter(self, name: Text, number: int, source: Digest, interface: Digest, since: Height) -> None:
        """A contract's first version."""
        self.contracts[name] = Deployed(
            number=number, source=source, interface=interface, status="active", version=1, since=since
        )
        self.versions[name, 1] = Version(source=source, interface=interface, since=since)

    # who may
    @action(role="operator", permission="make")
    def upload(self, ctx, name: Text, source: LongText, height: Height) -> Id:
        """zh: 上传合约 {name}，获批后自高度 {height} 起生效 | en: Upload the contract {name}, in force from height {height}
        source: 源码 | Source
        height: 生效高度 | height
        """
        # what must hold: the chain's own check of the source, and of what an upgrade may change
        ctx.require(self.is_name(name), self.bad_name, name=name)
        known = self.contracts.get(name)
        if known is not None:
            ctx.require(known.status != "retired", self.retired, name=name)
        interface = ctx.check_contract(name, source)
        # what changes
        key = ctx.source_digest(source)
        self.sources[key] = Source(text=source)
        return self.propose(
            ctx,
            Proposal(
                kind="contract",
                proposer=ctx.organisation,
                name=name,
                until=ctx.day + OPEN_DAYS,
                source=key,
                interface=interface,
                height=height,
            ),
        )

    # who may
    @action(role=("operator", "supervisor"), permission="make")
    def propose_status(self, ctx, name: Text, state: Literal["active", "frozen", "retired"]) -> Id:
        """zh: 提议将合约 {name} 置为 {state} | en: Propose that the contract {name} be {state}"""
        row = self.contracts[name]
        ctx.require(row.status != "retired", self.retired, name=name)
        ctx.require(name not in SYSTEM or state == "active", self.needed, name=name)
        return self.propose(
            ctx,
            Proposal(kind="status", proposer=ctx.organisation, name=name, until=ctx.day + OPEN_DAYS, state=state),
        )

    # who may
    @action(role=("operator", "supervisor"), permission="make")
    def propose_parameter(self, ctx, name: Text, value: int, from_day: Day) -> Id:
        """zh: 提议参数 {name} 自 {from_day} 起为 {value} | en: Propose {name} to be {value} from {from_day}"""
        ctx.require(from_day >= ctx.day, self.past, day=from_day, today=ctx.day)
        return self.propose(
            ctx,
            Proposal(
                kind="parameter",
                proposer=ctx.organisation,
                name=name,
                until=ctx.day + OPEN_DAYS,
                value=value,
                from_day=from_day,
            ),
        )

    # who may
    @action(role=("operator", "supervisor"), permission="make")
    def propose_policy(self, ctx, name: Text, bands: tuple[Band, ...]) -> Id:
        """zh: 提议全链审批规则 {name} 为 {bands} | en: Propose the policy {name} for all: {bands}"""
        self.check_bands(ctx, bands)
        return self.propose(
            ctx,
            Proposal(kind="policy", proposer=ctx.organisation, name=name, until=ctx.day + OPEN_DAYS, bands=bands),
        )

    # who may
    @action(role=("operator", "supervisor"), permission="make")
    def propose_ballot(
        self,
        ctx,
        kind: Literal["contract", "status", "parameter", "policy", "ballot", "validator"],
        roles: tuple[Literal["operator", "supervisor", "collector", "subject", "user"], ...],
        count: int,
    ) -> Id:
        """zh: 提议 {kind} 类提案须由 {roles} 中 {count} 家批准 | en: Propose that proposals of kind {kind} need {count} of {roles}"""
        ctx.require(count >= 1 and len(roles) >= 1, self.bad_bands)
        return self.propose(
            ctx,
            Proposal(
                kind="ballot",
                proposer=ctx.organisation,
                name=kind,
                until=ctx.day + OPEN_DAYS,
                roles=roles,
                value=count,
            ),
        )

    # who may
    @action(role=("operator", "supervisor"), permission="make")
    def propose_validator(
        self, ctx, key: Key, organisation: Org, transport_key: Bytes, addresses: tuple[Text, ...], leaves: bool
    ) -> Id:
        """zh: 提议 {organisation} 的验证节点 {key} 变更，是否退出：{leaves} | en: Propose validator {key} of {organisation}; leaves: {leaves}
        transport_key: 节点间通信公钥 | Transport key
        addresses: 节点地址 | Addresses"""
        # what must hold
        if leaves:
            ctx.require(key in self.validators, self.unknown_validator, key=key)
        else:
            self.check_validator(ctx, key, organisation, transport_key, addresses)
        # what changes
        return self.propose(
            ctx,
            Proposal(
                kind="validator",
                proposer=ctx.organisation,
                name="leave" if leaves else "join",
                until=ctx.day + OPEN_DAYS,
                organisation=organisation,
                key=key,
                transport_key=transport_key,
                addresses=addresses,
            ),
        )

    def check_validator(
        self, ctx, key: Key, organisation: Org, transport_key: Bytes, addresses: tuple[Text, ...]
    ) -> None:
        """A validator that cannot be one would count in every quorum and never vote. Two with one transport key would
        be one node to all others."""
        is_known = key in self.validators
        others = [row for other, row in self.validators.rows(limit=ROWS_MAX) if other != key]
        ctx.require(is_known or len(others) < VALIDATORS_MAX, self.too_many, most=VALIDATORS_MAX)
        is_good = ctx.is_key(key) and ctx.is_active(organisation) and ctx.is_transport_key(transport_key)
        is_own = all(row.transport_key != transport_key for row in others)
        can_be_called = 1 <= len(addresses) <= ADDRESSES_MAX
        for address in addresses:
            can_be_called = can_be_called and self.is_address(address)
        ctx.require(is_good and is_own and can_be_called, self.no_validator, key=key, organisation=organisation)

    def is_address(self, address: Text) -> bool:
        """/ip4/10.0.0.7/tcp/4001, or a host's name under dns, dns4 or dns6; `/p2p/…` may follow."""
        parts = address.split("/")
        is_whole = len(parts) == 5 or (len(parts) == 7 and parts[5] == "p2p")
        if not is_whole or len(address) > ADDRESS_CHARACTERS_MAX or parts[0] != "" or parts[1] not in HOSTS:
            return False
        port = parts[4]
        is_number = 1 <= len(port) <= 5 and all(port[i : i + 1] in "0123456789" for i in range(len(port)))
        return parts[2] != "" and parts[3] == "tcp" and is_number and 1 <= int(port) <= 65535

    def propose(self, ctx, proposal: Proposal) -> Id:
        key = ctx.new_id()
        self.proposals[key] = proposal
        ctx.emit(Proposed(proposal=key, kind=proposal.kind, name=proposal.name, proposer=ctx.organisation))
        return key

    # who may: an organisation with one of the ballot's roles
    @action(on="proposals", permission="check")
    def approve(self, ctx, proposal: Id) -> None:
        """zh: 批准提案 {proposal} | en: Approve the proposal {proposal}"""
        row = self.proposals[proposal]
        ballot = self.ballot(ctx, row.kind)
        # what must hold
        ctx.require(row.status == "draft", self.not_open, status=row.status)
        ctx.require(ctx.day <= row.until, self.lapsed, until=row.until)
        ctx.require(
            any(ctx.has_role(ctx.organisation, role) for role in ballot.roles),
            self.no_vote,
            kind=row.kind,
            roles=",".join(ballot.roles),
        )
        ctx.require(ctx.organisation not in row.approvals, self.twice, organisation=ctx.organisation)
        ctx.require(row.kind != "contract" or ctx.organisation != row.proposer, self.own_upload)
        # what changes, and what is announced
        approvals = row.approvals + (ctx.organisation,)
        missing = ballot.count - len(approvals)
        ctx.emit(Approved(proposal=proposal, organisation=ctx.organisation, missing=max(0, missing)))
        if missing > 0:
            self.proposals[proposal] = row.replace(approvals=approvals)
        elif row.kind == "contract":
            height = max(row.height, ctx.height + 1)
            self.proposals[proposal] = row.replace(
                approvals=approvals, status="scheduled", height=height, due=height, open=False
            )
        else:
            self.proposals[proposal] = row.replace(approvals=approvals, status="done", open=False)
            self.perform(ctx, row)
            ctx.emit(Done(proposal=proposal, kind=row.kind, name=row.name, outcome="done"))

    def perform(self, ctx, row: Proposal) -> None:
        if row.kind == "status":
            contract = self.contracts[row.name]
            self.contracts[row.name] = contract.replace(status=row.state)
        elif row.kind == "parameter":
            self.set_parameter(row.name, row.from_day, row.value)
        elif row.kind == "policy":
            self.policies["", row.name] = Policy(bands=row.bands)
        elif row.kind == "ballot":
            self.ballots[row.name] = Ballot(roles=row.roles, count=row.value)
        elif row.name == "leave":
            self.validators.remove(row.key)
            ctx.require(
                len(self.validators.keys(limit=VALIDATORS_MIN)) >= VALIDATORS_MIN, self.too_few, least=VALIDATORS_MIN
            )
        else:
            # What was good when it was proposed may meanwhile be another's, or its organisation gone.
            self.check_validator(ctx, row.key, row.organisation, row.transport_key, row.addresses)
            self.validators[row.key] = Validator(
                organisation=row.organisation, transport_key=row.transport_key, addresses=row.addresses
            )

    def set_parameter(self, name: Text, from_day: Day, value: int) -> None:
        row = self.parameters.get(name)
        steps = () if row is None else row.steps
        kept = [step for step in steps if step[0] != from_day]
        kept.append((from_day, value))
        self.parameters[name] = Parameter(steps=tuple(sorted(kept)[-STEPS_MAX:]))

    # in force from the next block on
    @sweep(index="scheduled", rows_max=16, when="reached")
    def activate(self, ctx, proposal: Id, row: Proposal) -> None:
        # Another upgrade may have come in between, which this one does not fit any more: then nothing is activated.
        if not ctx.fits_contract(row.name, self.sources[row.source].text):
            self.proposals[proposal] = row.replace(status="failed", due=None)
            ctx.emit(Done(proposal=proposal, kind=row.kind, name=row.name, outcome="failed"))
            return
        known = self.contracts.get(row.name)
        since = ctx.height + 1
        if known is None:
            number = self.numbers["next"].steps[0][1]
            self.numbers["next"] = Parameter(steps=((0, number + 1),))
            self.enter(row.name, number, row.source, row.interface, since)
        else:
            version = known.version + 1
            self.contracts[row.name] = known.replace(
                source=row.source, interface=row.interface, version=version, since=since
            )
            self.versions[row.name, version] = Version(source=row.source, interface=row.interface, since=since)
        self.proposals[proposal] = row.replace(status="done", due=None)
        ctx.emit(Done(proposal=proposal, kind=row.kind, name=row.name, outcome="active"))

    @sweep(index="lapsing", rows_max=16)
    def lapse(self, ctx, proposal: Id, row: Proposal) -> None:
        self.proposals[proposal] = row.replace(status="lapsed", open=False)
        ctx.emit(Done(proposal=proposal, kind=row.kind, name=row.name, outcome="lapsed"))

    # who may
    @action(on="proposals", party="proposer", permission="make")
    def withdraw(self, ctx, proposal: Id) -> None:
        """zh: 撤回提案 {proposal} | en: Withdraw the proposal {proposal}"""
        row = self.proposals[proposal]
        ctx.require(row.status == "draft" or row.status == "scheduled", self.not_open, status=row.status)
        self.proposals[proposal] = row.replace(status="withdrawn", open=False, due=None)
        ctx.emit(Done(proposal=proposal, kind=row.kind, name=row.name, outcome="withdrawn"))

    # who may: an organisation for itself
    @action(permission="admin")
    def set_policy(self, ctx, name: Text, bands: tuple[Band, ...]) -> None:
        """zh: 将本机构的审批规则 {name} 定为 {bands} | en: Set our own policy {name}: {bands}"""
        self.check_bands(ctx, bands)
        self.policies[ctx.organisation, name] = Policy(bands=bands)

    def check_bands(self, ctx, bands: tuple[Band, ...]) -> None:
        ctx.require(1 <= len(bands) <= BANDS_MAX and bands[0].from_amount == 0, self.bad_bands)
        last = -1
        for band in bands:
            ctx.require(band.from_amount > last and 0 <= band.checkers <= 7, self.bad_bands)
            last = band.from_amount

    def ballot(self, ctx, kind: Text) -> Ballot:
        """What nobody has decided otherwise, the supervisor approves."""
        row = self.ballots.get(kind)
        return Ballot(roles=("supervisor",), count=1) if row is None else row

    def is_name(self, name: Text) -> bool:
        letters = "abcdefghijklmnopqrstuvwxyz"
        rest = letters + "0123456789_"
        return (
            1 <= len(name) <= NAME_MAX
            and name[0:1] in letters
            and name != "engine"
            and all(name[i : i + 1] in rest for i in range(len(name)))
        )

    @view
    def contract(self, ctx, name: Text) -> Deployed:
        """zh: 合约 | en: A contract"""
        return self.contracts[name]

    @view
    def interface_of(self, ctx, name: Text) -> Digest:
        """zh: 现行接口 | en: The interface in force"""
        return self.contracts[name].interface

    @view
    def versions_of(self, ctx, name: Text, after: int | None = None) -> tuple[tuple[int, Version], ...]:
        """zh: 合约历次版本 | en: The versions of a contract, the oldest first"""
        rows = self.versions.rows(name, after=None if after is None else (name, after), limit=ROWS_MAX)
        return tuple((key[1], row) for key, row in rows)

    @view
    def versions_with(self, ctx, interface: Digest) -> tuple[tuple[Text, int], ...]:
        """zh: 曾采用该接口的合约版本 | en: The versions that have or had this interface"""
        return self.by_interface.keys(interface, limit=ROWS_MAX)

    @view
    def list_contracts(self, ctx, after: Text | None = None) -> tuple[Text, ...]:
        """zh: 合约名单 | en: The contracts"""
        return self.contracts.keys(after=after, limit=ROWS_MAX)

    @view
    def source(self, ctx, source: Digest) -> LongText:
        """zh: 源码 | en: A source"""
        return self.sources[source].text

    @view
    def proposal(self, ctx, proposal: Id) -> Proposal:
        """zh: 提案 | en: A proposal"""
        return self.proposals[proposal]

    @view
    def to_approve(self, ctx, organisation: Org, after: Id | None = None) -> tuple[tuple[Id, Proposal], ...]:
        """zh: 待批准的提案 | en: Proposals that the organisation may approve"""
        found = []
        more = True
        while more:
            page = self.lapsing.rows(after=after, limit=ROWS_MAX)
            for key, row in page:
                after = key
                if len(found) < ROWS_MAX and self.may_approve(ctx, row, organisation):
                    found.append((key, row))
            more = len(page) == ROWS_MAX and len(found) < ROWS_MAX
        return tuple(found)

    def may_approve(self, ctx, row: Proposal, organisation: Org) -> bool:
        is_open = row.status == "draft" and ctx.day <= row.until and organisation not in row.approvals
        others = row.kind != "contract" or organisation != row.proposer
        return is_open and others and any(ctx.has_role(organisation, role) for role in self.ballot(ctx, row.kind).roles)

    @view
    def open_proposals(self, ctx, until: Day) -> tuple[Id, ...]:
        """zh: 未决提案 | en: Proposals that wait for approval"""
        return self.lapsing.due(until, limit=ROWS_MAX)

    @view
    def parameter(self, ctx, name: Text) -> tuple[tuple[Day, int], ...]:
        """zh: 参数及其生效日 | en: A parameter's values by day"""
        return self.parameters[name].steps

    @view
    def policy(self, ctx, organisation: Text, name: Text) -> tuple[tuple[Fen, int], ...]:
        """zh: 审批规则 | en: The policy that applies to an organisation"""
        row = self.policies.get((organisation, name))
        if row is None:
            row = self.policies.get(("", name))
        return () if row is None else row.bands

    @view
    def validators_of(self, ctx, organisation: Org) -> int:
        """zh: 机构的验证节点数 | en: How many validators an organisation has"""
        return sum([1 for key, row in self.validators.rows(limit=ROWS_MAX) if row.organisation == organisation])

    @view
    def list_validators(self, ctx) -> tuple[tuple[Key, Validator], ...]:
        """zh: 验证节点 | en: The validators"""
        return self.validators.rows(limit=ROWS_MAX)
