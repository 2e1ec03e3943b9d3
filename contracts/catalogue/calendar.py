"""zh: 日历：工作日、节假日、测试时钟 | en: Calendar: business days, holidays, the test clock

Business rule 4b.6. A year's days off and make-up working weekends are published by the supervisor from the State
Council's notice, whose digest stands beside them; a year that is not published has weekends only. On a devnet whose
genesis declares a test clock, `step` moves the business day; on a real chain it is refused. Ordering never sees this.
"""

from contracts.sdk import Contract, Day, Digest, Event, Genesis, Map, Record, Refusal, Text
from contracts.sdk import action, date_of, digest, view, weekday

DAY_MS = 86400000
BEIJING_MS = 28800000
SEARCH_DAYS_MAX = 60


class Clock(Record):
    is_test: bool
    offset: int  # whole days between the block's time and the business day


class Year(Record):
    days_off: tuple[Day, ...]
    work_days: tuple[Day, ...]
    notice: Digest


class Stepped(Event):
    day: Day


class Published(Event):
    year: int
    notice: Digest


class Calendar(Contract):
    clock = Map(Text, Clock)
    years = Map(int, Year)

    real_clock = Refusal("CAL-001", zh="本链使用真实时钟，不能调整日期", en="this chain has a real clock")
    backwards = Refusal("CAL-002", zh="日期只能向后：今日 {today}，目标 {day}", en="days go forward: {today} to {day}")
    other_year = Refusal("CAL-003", zh="日期 {day} 不在 {year} 年", en="{day} is not in {year}")

    def genesis(self, ctx, facts: Genesis) -> None:
        today = (facts.time + BEIJING_MS) // DAY_MS
        first = facts.clock_first_day
        offset = 0 if first is None else first - today
        self.clock["clock"] = Clock(is_test=first is not None, offset=offset)
        for parameter in facts.parameters:
            if parameter.name in ("calendar.off", "calendar.work"):
                for day in parameter.days:
                    self.note(date_of(day)[0], day, parameter.name == "calendar.off")

    def note(self, year: int, day: Day, is_off: bool) -> None:
        row = self.years.get(year)
        if row is None:
            row = Year(days_off=(), work_days=(), notice=digest("genesis", year))
        if is_off:
            self.years[year] = row.replace(days_off=row.days_off + (day,))
        else:
            self.years[year] = row.replace(work_days=row.work_days + (day,))

    # who may
    @action(role=("operator", "supervisor"), permission="make")
    def step(self, ctx, day: Day) -> None:
        """zh: 【测试时钟】将业务日期调至 {day} | en: [TEST CLOCK] Move the business day to {day}"""
        row = self.clock["clock"]
        # what must hold
        ctx.require(row.is_test, self.real_clock)
        ctx.require(day >= ctx.day, self.backwards, today=ctx.day, day=day)
        # what changes
        self.clock["clock"] = row.replace(offset=row.offset + day - ctx.day)
        # what is announced
        ctx.emit(Stepped(day=day))

    # who may
    @action(role="supervisor", permission="make")
    def publish(self, ctx, year: int, days_off: tuple[Day, ...], work_days: tuple[Day, ...], notice: Digest) -> None:
        """zh: 公布 {year} 年节假日与调休 | en: Publish the days off and make-up days of {year}
        days_off: 放假日 | Days off
        work_days: 调休上班日 | Make-up days
        notice: 通知文件 | Notice"""
        for day in days_off + work_days:
            ctx.require(date_of(day)[0] == year, self.other_year, day=day, year=year)
        self.years[year] = Year(days_off=days_off, work_days=work_days, notice=notice)
        ctx.emit(Published(year=year, notice=notice))

    def is_working(self, day: Day) -> bool:
        row = self.years.get(date_of(day)[0])
        if row is not None:
            if day in row.days_off:
                return False
            if day in row.work_days:
                return True
        return weekday(day) < 5

    @view
    def today(self, ctx) -> Day:
        """zh: 今日 | en: The business day"""
        return ctx.day

    @view
    def is_test_clock(self, ctx) -> bool:
        """zh: 是否测试时钟 | en: Whether the clock is a test clock"""
        return self.clock["clock"].is_test

    @view
    def is_published(self, ctx, year: int) -> bool:
        """zh: 该年日历是否已公布 | en: Whether the year's calendar is published; if not, days are provisional"""
        return year in self.years

    @view
    def is_business_day(self, ctx, day: Day) -> bool:
        """zh: 是否工作日 | en: Whether banks work"""
        return self.is_working(day)

    @view
    def business_day_from(self, ctx, day: Day) -> Day:
        """zh: 当日或其后首个工作日 | en: The day, or the first business day after it"""
        for later in range(day, day + SEARCH_DAYS_MAX):
            if self.is_working(later):
                return later
        return day

    @view
    def business_day_before(self, ctx, day: Day) -> Day:
        """zh: 之前最后一个工作日 | en: The last business day before the day"""
        for back in range(1, SEARCH_DAYS_MAX):
            if self.is_working(day - back):
                return day - back
        return day - 1
