"""zh: 存证：任何文件的摘要、提交人、时间 | en: Evidence of a file: its digest, who brought it, and when

What a court asks first: did these very bytes exist then, and who said so. The chain keeps the digest, the organisation and
the person, the time and a title; the file stays with its owner. The row is the certificate: with the block's proof anybody
who has the file can check it. Several organisations may bring the same file, each once, and nothing is ever changed or
taken back. `time` is the business time, which a test clock can move; the block at `height` has the real one. A title is
read by all, so what is secret does not belong in it; where a file could be guessed, its owner adds a random line to it
before it is hashed.
"""

from contracts.sdk import Contract, Day, Digest, Event, Height, Id, Index, Key, Map, Org, Record, Refusal, Text, Time
from contracts.sdk import action, view

TITLE_CHARACTERS_MAX = 200
FILES_MAX = 500


class Evidence(Record):
    file: Digest
    title: Text
    organisation: Org
    person: Key
    day: Day
    time: Time
    height: Height


class Known(Record):
    evidence: Id


class Kept(Event):
    evidence: Id
    organisation: Org
    file: Digest


class Archive(Contract):
    kept = Map(Id, Evidence, placed_by="transaction")
    known = Map((Digest, Org), Known)
    by_organisation = Index(kept, by="organisation")

    # fmt: off
    bad_title = Refusal("ARC-001", zh="标题应为 1 至 {limit} 字", en="a title has 1 to {limit} characters")
    kept_before = Refusal("ARC-002", zh="该文件已由 {organisation} 存证：{evidence}", en="{organisation} has brought this file before: {evidence}")
    wrong_count = Refusal("ARC-003", zh="共 {count} 份，应为 1 至 {limit} 份", en="{count} files, 1 to {limit} are possible")
    # fmt: on

    # who may: any person of an active member who may make acts
    @action(permission="make")
    def keep(self, ctx, file: Digest, title: Text) -> Id:
        """zh: 为文件 {title} 存证，摘要 {file} | en: Keep evidence of the file {title}, digest {file}"""
        return self.put(ctx, file, title)

    # who may
    @action(permission="make")
    def keep_many(self, ctx, files: tuple[tuple[Digest, Text], ...]) -> tuple[Id, ...]:
        """zh: 为多份文件存证：{files} | en: Keep evidence of files: {files}"""
        ctx.require(1 <= len(files) <= FILES_MAX, self.wrong_count, count=len(files), limit=FILES_MAX)
        made = []
        for file, title in files:
            made.append(self.put(ctx, file, title))
        return tuple(made)

    def put(self, ctx, file: Digest, title: Text) -> Id:
        # what must hold
        ctx.require(1 <= len(title) <= TITLE_CHARACTERS_MAX, self.bad_title, limit=TITLE_CHARACTERS_MAX)
        before = self.known.get((file, ctx.organisation))
        ctx.require(before is None, self.kept_before, organisation=ctx.organisation, evidence=before.evidence)
        # what changes
        evidence = ctx.new_id()
        self.kept[evidence] = Evidence(
            file=file,
            title=title,
            organisation=ctx.organisation,
            person=ctx.person,
            day=ctx.day,
            time=ctx.time,
            height=ctx.height,
        )
        self.known[(file, ctx.organisation)] = Known(evidence=evidence)
        # what is announced
        ctx.emit(Kept(evidence=evidence, organisation=ctx.organisation, file=file))
        return evidence

    @view
    def certificate(self, ctx, evidence: Id) -> Evidence:
        """zh: 存证证明 | en: The certificate"""
        return self.kept[evidence]

    @view
    def found(self, ctx, file: Digest, after: Org | None = None) -> tuple[tuple[Id, Evidence], ...]:
        """zh: 该文件的全部存证 | en: Who has brought a file, and when"""
        behind = None if after is None else (file, after)
        return tuple([(row.evidence, self.kept[row.evidence]) for key, row in self.known.rows(file, after=behind)])

    @view
    def brought_by(self, ctx, organisation: Org, after: Id | None = None) -> tuple[tuple[Id, Evidence], ...]:
        """zh: 机构的存证 | en: What an organisation has brought"""
        return self.by_organisation.rows(organisation, after=after, limit=256)
