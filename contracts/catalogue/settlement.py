"""zh: 清分结算：付款指令与银行回单 | en: Settlement: payment instructions and banks' receipts

Plan p.13, 17; the platform never pays. A contract fixes who is owed what and this one instructs it; a bank pays and
signs a statement; anybody may submit the statement, and the chain believes the signature, once per bank and number. A
bank that states its own payment is believed when the payee or another bank confirms it. A returned payment reopens its
instruction's business, and what is instructed anew names the instruction before. Accounts stand here as salted digests.
"""

from contracts.sdk import (
    Contract,
    Day,
    Digest,
    Event,
    Fen,
    Id,
    Index,
    Literal,
    Map,
    Org,
    Record,
    Refusal,
    SignedStatement,
    Statement,
)
from contracts.sdk import Text, action, fen, view

PAID = 0
RETURNED = 1


class Account(Record):
    account: Digest
    bank: Org
    since: Day


class Instruction(Record):
    purpose: Literal[
        "finance", "rest", "collect", "redeem", "penalty", "penalty_share", "guarantee", "recourse", "early", "fee"
    ]
    business: Id  # the financing, root, tranche or act that it pays
    payer: Org
    payee: Org
    bank: Org | None  # the one bank that may state it; None: any
    account: Digest | None  # the payee's, as registered when instructed
    amount: Fen
    currency: Text
    day: Day  # to be paid on
    made: Day
    paid: Fen = 0
    status: Literal["open", "stated", "paid", "returned", "closed"] = "open"
    earlier: Id | None = None  # the instruction that this one replaces
    claimed: Fen = 0  # stated by the payer itself, to be confirmed
    claimed_day: Day | None = None
    claimed_bank: Org | None = None


class Stated(Record):
    instruction: Id
    kind: int
    amount: Fen
    day: Day
    returned: bool = False


class Registered(Event):
    organisation: Org
    bank: Org


class Instructed(Event):
    instruction: Id
    purpose: Text
    business: Id
    payer: Org
    payee: Org
    bank: Org | None
    account: Digest | None
    amount: Fen
    day: Day
    earlier: Id | None


class Receipted(Event):
    instruction: Id
    payer: Org
    payee: Org
    bank: Org
    number: int
    kind: int
    amount: Fen
    left: Fen


class Claimed(Event):
    """The payer's own bank says it has paid; the payee is asked."""

    instruction: Id
    payer: Org
    payee: Org
    amount: Fen


class Closed(Event):
    instruction: Id
    payer: Org
    payee: Org
    left: Fen


class Settlement(Contract):
    accounts = Map(Org, Account)
    instructions = Map(Id, Instruction, placed_by="transaction")
    statements = Map((Org, int), Stated)
    of_payer = Index(instructions, by=("payer", "status", "day"))
    of_payee = Index(instructions, by=("payee", "status", "day"))
    of_business = Index(instructions, by="business")

    # fmt: off
    no_bank = Refusal("SET-001", zh="{bank} 没有银行资质", en="{bank} is not licensed as a bank")
    twice = Refusal("SET-002", zh="{bank} 的第 {number} 号回单已使用", en="statement {number} of {bank} has been used already")
    not_open = Refusal("SET-003", zh="付款指令状态为 {status}", en="the instruction is {status}")
    other_bank = Refusal("SET-004", zh="该指令由 {expected} 办理，回单来自 {bank}", en="{expected} pays this instruction, the statement is from {bank}")
    other_currency = Refusal("SET-005", zh="币种 {found}，应为 {expected}", en="the currency is {found}, {expected} was instructed")
    too_much = Refusal("SET-006", zh="回单金额 {amount}，待付 {left}", en="{amount} stated, {left} are left to pay")
    no_account = Refusal("SET-007", zh="收款方 {payee} 未登记账户", en="the payee {payee} has registered no account")
    other_account = Refusal("SET-008", zh="回单收款账户与收款方 {payee} 登记的账户不符", en="not the registered account of the payee {payee}")
    wrong_day = Refusal("SET-009", zh="起息日 {day} 应在 {made} 至 {today} 之间", en="value day {day}; possible is {made} to {today}")
    no_earlier = Refusal("SET-010", zh="{bank} 的第 {number} 号付款回单不存在或不对应", en="{bank} has no such payment under number {number}")
    returned_before = Refusal("SET-011", zh="{bank} 的第 {number} 号付款已退回", en="payment {number} of {bank} was returned already")
    unconfirmed = Refusal("SET-012", zh="付款方自报 {amount} 尚待确认", en="{amount} stated by the payer itself still wait for confirmation")
    nothing_claimed = Refusal("SET-013", zh="没有待确认的付款", en="there is no payment to confirm")
    other_amount = Refusal("SET-014", zh="待确认 {amount}，所签为 {signed}", en="{amount} is to be confirmed, {signed} was signed")
    # fmt: on

    # who may
    @action(policy="account")
    def register(self, ctx, account: Digest, bank: Org) -> None:
        """zh: 登记收款账户，开户行 {bank} | en: Register the account with {bank} that receives payments
        account: 账户摘要 | Digest of the account"""
        # what must hold
        ctx.require(ctx.has_capacity(bank, "bank"), self.no_bank, bank=bank)
        # what changes
        self.accounts[ctx.organisation] = Account(account=account, bank=bank, since=ctx.day)
        # what is announced
        ctx.emit(Registered(organisation=ctx.organisation, bank=bank))

    # who may
    @action(callers=("finance", "maturity", "distribution", "credential", "early"))
    def instruct(self, ctx, orders: tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...]) -> tuple[Id, ...]:
        """zh: 付款指令 {orders} | en: Instruct payments {orders}"""
        # what changes and what is announced
        made = []
        for order in orders:
            made.append(self.make(ctx, order, None))
        return tuple(made)

    def make(self, ctx, order: tuple[Text, Id, Org, Org, Org | None, Fen, Day], earlier: Id | None) -> Id:
        purpose, business, payer, payee, bank, amount, day = order
        known = self.accounts.get(payee)
        account = None if known is None else known.account
        instruction = ctx.new_id()
        self.instructions[instruction] = Instruction(
            purpose=purpose, business=business, payer=payer, payee=payee, bank=bank, account=account, amount=amount,
            currency="CNY", day=day, made=ctx.day, earlier=earlier,
        )  # fmt: skip
        ctx.emit(Instructed(instruction=instruction, purpose=purpose, business=business, payer=payer, payee=payee, bank=bank, account=account, amount=amount, day=day, earlier=earlier))  # fmt: skip
        return instruction

    # who may
    @action(callers=("finance", "maturity"))
    def close(self, ctx, instruction: Id) -> None:
        """zh: 关闭付款指令 {instruction} | en: Close instruction {instruction}"""
        row = self.instructions[instruction]
        if row.status == "open" or row.status == "stated":
            self.instructions[instruction] = row.replace(status="closed")
            ctx.emit(Closed(instruction=instruction, payer=row.payer, payee=row.payee, left=row.amount - row.paid))

    # who may: anybody may bring a bank's statement, it speaks for itself
    @action(anyone=True)
    def receive(self, ctx, signed: SignedStatement) -> None:
        """zh: 提交银行回单：{signed} | en: Submit a bank's statement: {signed}"""
        statement = ctx.bank_statement(signed)
        row = self.instructions[statement.instruction]
        # what must hold
        ctx.require(
            (statement.bank, statement.number) not in self.statements,
            self.twice,
            bank=statement.bank,
            number=statement.number,
        )
        ctx.require(ctx.has_capacity(statement.bank, "bank"), self.no_bank, bank=statement.bank)
        ctx.require(
            statement.currency == row.currency, self.other_currency, found=statement.currency, expected=row.currency
        )
        ctx.require(
            row.made <= statement.value_day <= ctx.day,
            self.wrong_day,
            day=statement.value_day,
            made=row.made,
            today=ctx.day,
        )
        # what changes
        self.statements[(statement.bank, statement.number)] = Stated(
            instruction=statement.instruction, kind=statement.kind, amount=statement.amount, day=statement.value_day
        )
        if statement.kind == RETURNED:
            self.take_return(ctx, statement, row)
        else:
            self.take_payment(ctx, statement, row)
        # what is announced
        left = row.amount - self.instructions[statement.instruction].paid
        ctx.emit(
            Receipted(
                instruction=statement.instruction,
                payer=row.payer,
                payee=row.payee,
                bank=statement.bank,
                number=statement.number,
                kind=statement.kind,
                amount=statement.amount,
                left=left,
            )
        )

    # who may
    @action(on="instructions", party="payee", permission="make")
    def confirm(self, ctx, instruction: Id, amount: Fen) -> None:
        """zh: 确认收到付款指令 {instruction} 的款项 {amount} | en: Confirm that {amount} of {instruction} have arrived"""
        row = self.instructions[instruction]
        # what must hold
        ctx.require(row.claimed > 0, self.nothing_claimed)
        ctx.require(row.claimed == amount, self.other_amount, amount=row.claimed, signed=amount)
        # what changes and what is announced
        self.settle(ctx, instruction, row.replace(claimed=0), amount, row.claimed_day)

    def take_payment(self, ctx, statement: Statement, row: Instruction) -> None:
        key = statement.instruction
        ctx.require(
            row.bank is None or row.bank == statement.bank, self.other_bank, expected=row.bank, bank=statement.bank
        )
        self.require_account(ctx, statement, row)
        left = fen(row.amount - row.paid)
        if row.status == "stated":
            # Another bank says the same: that confirms what the payer's own bank has claimed.
            ctx.require(
                statement.bank != row.claimed_bank and statement.amount == row.claimed,
                self.unconfirmed,
                amount=row.claimed,
            )
            self.settle(ctx, key, row.replace(claimed=0), statement.amount, statement.value_day)
            return
        ctx.require(row.status == "open" or row.status == "closed", self.not_open, status=row.status)
        ctx.require(statement.amount <= left, self.too_much, amount=statement.amount, left=left)
        if statement.bank == row.payer:
            self.instructions[key] = row.replace(
                status="stated", claimed=statement.amount, claimed_day=statement.value_day, claimed_bank=statement.bank
            )
            ctx.emit(Claimed(instruction=key, payer=row.payer, payee=row.payee, amount=statement.amount))
            return
        self.settle(ctx, key, row, statement.amount, statement.value_day)

    def require_account(self, ctx, statement: Statement, row: Instruction) -> None:
        account = row.account
        if account is None:
            known = self.accounts.get(row.payee)
            ctx.require(known is not None, self.no_account, payee=row.payee)
            account = known.account
        ctx.require(statement.payee_account == account, self.other_account, payee=row.payee)

    def settle(self, ctx, key: Id, row: Instruction, amount: Fen, day: Day) -> None:
        """Book a payment and tell the contract whose business it is; that one says whether it came in time, and what is
        to be paid next. (It cannot ask for it by a call of its own: no contract is entered twice in one transaction.)"""
        if row.purpose == "finance" or row.purpose == "rest":
            answer = ctx.call("finance", "paid", row.business, row.purpose, amount)
        elif row.purpose == "fee":
            answer = ctx.call("credential", "paid", row.business, amount)
        elif row.purpose == "early":
            answer = ctx.call("early", "paid", row.business, amount)
        elif row.purpose == "collect" or row.purpose == "penalty":
            answer = ctx.call("maturity", "paid", row.business, row.purpose, amount, day)
        else:
            answer = ctx.call("distribution", "paid", row.business, row.purpose, row.payer, amount)
        in_time, orders = answer
        paid = row.paid + amount
        status = "closed" if not in_time else "paid" if paid == row.amount else "open"
        self.instructions[key] = row.replace(paid=paid, status=status)
        for order in orders:
            self.make(ctx, order, None)

    def take_return(self, ctx, statement: Statement, row: Instruction) -> None:
        key = statement.instruction
        number = statement.earlier
        ctx.require(
            number is not None and (statement.bank, number) in self.statements,
            self.no_earlier,
            bank=statement.bank,
            number=number,
        )
        before = self.statements[(statement.bank, number)]
        alike = (
            before.instruction == key
            and before.kind == PAID
            and before.amount == statement.amount
            and row.status != "stated"
        )
        ctx.require(alike, self.no_earlier, bank=statement.bank, number=number)
        ctx.require(not before.returned, self.returned_before, bank=statement.bank, number=number)
        self.statements[(statement.bank, number)] = before.replace(returned=True)
        # What came back is instructed anew, with what was still open; the old instruction is over with what stayed paid.
        paid = row.paid - statement.amount
        self.instructions[key] = row.replace(paid=paid, status="returned")
        again = statement.amount if row.status == "returned" else row.amount - paid
        if row.status == "closed":
            again = 0  # it came too late, and now it is back where it came from
        if row.purpose == "finance" or row.purpose == "rest":
            order = ctx.call("finance", "returned", row.business, row.purpose, statement.amount, again)
        elif row.purpose == "fee":
            order = ctx.call("credential", "returned", row.business, statement.amount, again)
        elif row.purpose == "early":
            order = ctx.call("early", "returned", row.business, statement.amount, again)
        elif row.purpose == "collect" or row.purpose == "penalty":
            order = ctx.call("maturity", "returned", row.business, row.purpose, statement.amount, again, before.day)
        else:
            order = ctx.call("distribution", "returned", row.business, row.purpose, row.payer, row.payee, statement.amount, again)  # fmt: skip
        if again > 0:
            self.make(ctx, order, key)

    # ---- views -------------------------------------------------------------------------------------------------------

    @view
    def instruction(self, ctx, instruction: Id) -> Instruction:
        """zh: 付款指令 | en: An instruction"""
        return self.instructions[instruction]

    @view
    def account_of(self, ctx, organisation: Org) -> Account | None:
        """zh: 收款账户 | en: The account that receives payments"""
        return self.accounts.get(organisation)

    @view
    def statement_of(self, ctx, bank: Org, number: int) -> Stated | None:
        """zh: 银行回单 | en: A bank's statement"""
        return self.statements.get((bank, number))

    @view
    def to_pay(self, ctx, payer: Org, after: Id | None = None) -> tuple[tuple[Id, Instruction], ...]:
        """zh: 待付款项 | en: What an organisation has to pay, soonest first"""
        return self.of_payer.rows(payer, "open", after=after, limit=256)

    @view
    def to_receive(self, ctx, payee: Org, after: Id | None = None) -> tuple[tuple[Id, Instruction], ...]:
        """zh: 待收款项 | en: What an organisation is to receive, soonest first"""
        return self.of_payee.rows(payee, "open", after=after, limit=256)

    @view
    def open_for(self, ctx, organisation: Org) -> int:
        """zh: 未结付款笔数，收付各至多 256 | en: Payments that are open, to make and to get, 256 of each kind at most"""
        count = 0
        for status in ("open", "stated"):
            count = count + len(self.of_payer.keys(organisation, status, limit=256))
            count = count + len(self.of_payee.keys(organisation, status, limit=256))
        return count

    @view
    def to_confirm(self, ctx, payee: Org, after: Id | None = None) -> tuple[tuple[Id, Instruction], ...]:
        """zh: 待确认收款 | en: Payments that the payee is asked to confirm"""
        return self.of_payee.rows(payee, "stated", after=after, limit=256)

    @view
    def instructions_of(self, ctx, business: Id, after: Id | None = None) -> tuple[tuple[Id, Instruction], ...]:
        """zh: 业务的付款指令 | en: A business's instructions"""
        return self.of_business.rows(business, after=after, limit=256)
