"""The report for a board meeting: the portal's figures as a PDF, from the same functions and in the same words."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table, TableStyle

from nereus.bench import published
from nereus.bench.results import BenchResult
from nereus.bench.stats import summarise
from nereus.cases import Case
from nereus.config import Platform
from nereus.costs.compare import Comparison
from nereus.insight import filling, holdings, service_level
from nereus.insight.asking import Answer, age
from nereus.insight.board import drawing
from nereus.insight.language import Language
from nereus.insight.sensitivity import Sensitivity
from nereus.sizing import Plan
from nereus.usecases.model import UseCase
from nereus.verdicts import Verdict

_GREY, _FAINT = HexColor("#555555"), HexColor("#DDDDDD")
_MARKS = {True: "good", False: "bad", None: "unknown"}
_SHARE = ".0%"
#: What the service level of the report is told of; a key of `service_level.WINDOWS`.
WINDOW = "30 days"
_NOTHING = Answer({}, None, "No warehouse was provisioned yet. Run: make provision")


@dataclass(frozen=True)
class Facts:
    """Everything the report says.

    Attributes:
        at: when it was made, UTC.
        served: answers to `service_level.questions` of WINDOW.
        held: answers to `holdings.QUESTIONS`, of the use cases that are declared.
        titles: dashboards' titles by Superset's numbers.
    """

    platform: Platform
    plan: Plan
    comparisons: Mapping[Case, Comparison]
    sensitivity: Sensitivity
    verdicts: Sequence[Verdict]
    benchmarks: Sequence[BenchResult]
    at: datetime
    served: Answer = _NOTHING
    held: Answer = _NOTHING
    usecases: Sequence[UseCase] = ()
    titles: Mapping[str, str] = field(default_factory=dict)


def build(facts: Facts, t: Language) -> bytes:
    """The PDF, in A4."""
    written = io.BytesIO()
    title = t("board.title", name=facts.platform.platform.name)
    document = BaseDocTemplate(written, pagesize=A4, title=title, author="Nereus", lang=t.code, leftMargin=20 * mm)
    body = Frame(20 * mm, 20 * mm, A4[0] - 40 * mm, A4[1] - 38 * mm, 0, 0, 0, 0)

    def footer(canvas: Canvas, page: BaseDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(_GREY)
        canvas.drawString(20 * mm, 12 * mm, _plain(f"{title} · {t.number(facts.at, 'minute')} UTC"))
        canvas.drawRightString(A4[0] - 20 * mm, 12 * mm, str(page.page))

    document.addPageTemplates(PageTemplate(frames=[body], onPage=footer))
    document.build(list(_Report(facts, t).parts()))
    return written.getvalue()


class _Report:
    def __init__(self, facts: Facts, t: Language) -> None:
        self._facts, self._t = facts, t
        styles = getSampleStyleSheet()
        self._title, self._head, self._text = styles["Title"], styles["Heading2"], styles["BodyText"]
        self._small = ParagraphStyle("small", self._text, fontSize=7.5, leading=9.5, textColor=_GREY)
        self._cell = ParagraphStyle("cell", self._text, fontSize=8, leading=10)
        self._number = ParagraphStyle("number", self._cell, alignment=2)

    def parts(self) -> Iterator[Flowable]:
        facts, t = self._facts, self._t
        yield Paragraph(_plain(t("board.title", name=facts.platform.platform.name)), self._title)
        yield self._said(t("board.about", at=facts.at), self._small)
        if facts.verdicts:
            yield from self._verdicts()
        yield from self._costs()
        yield from self._matters()
        yield from self._capacity()
        yield from self._service_level()
        yield from self._data()
        yield from self._benchmarks()
        yield from self._prices()

    def _verdicts(self) -> Iterator[Flowable]:
        t = self._t
        yield self._heading(t("board.verdicts"))
        rows = [
            {
                "board_question": t.said(each.question),
                "board_answer": t.said(each.value),
                "board_good": t(f"board.{_MARKS[each.good]}"),
                "why": t.said(each.explanation),
            }
            for each in self._facts.verdicts
        ]
        yield self._table(rows, (32, 32, 18, 88))

    def _costs(self) -> Iterator[Flowable]:
        facts, t = self._facts, self._t
        typical = facts.comparisons[Case.TYPICAL]
        options = list(typical.options.values())
        yield self._heading(t("cost.by_cause"))
        yield self._said(t.said(typical.verdict()))
        causes = list(dict.fromkeys(cause.name for option in options for cause in option.causes))
        amounts = {
            t.said(name): [cause.total.to("EUR") if (cause := option.cause(name)) else 0.0 for option in options]
            for name in causes
        }
        amounts[t.said("move")] = [option.one_off.to("EUR") for option in options]
        named = {_plain(name): values for name, values in amounts.items()}
        yield drawing.stacked([_plain(t.said(option.what)) for option in options], named, self._whole)
        yield self._table(
            [
                {
                    "option": t.said(option.what),
                    "year_eur": round(option.per_year.to("EUR/year")),
                    "total_eur": round(option.total_with_move.to("EUR")),
                    "low_eur": round(facts.comparisons[Case.LOW].options[name].total_with_move.to("EUR")),
                    "high_eur": round(facts.comparisons[Case.HIGH].options[name].total_with_move.to("EUR")),
                    "all_in_credits": round(meet.all_in.value) if (meet := typical.break_even.get(name)) else None,
                }
                for name, option in typical.options.items()
            ],
            (50, 24, 24, 24, 24, 24),
        )
        yield self._said(
            t(
                "cost.about",
                case=t("cases.typical"),
                credits=typical.consumption.value,
                years=typical.years,
                today=facts.at,
            ),
            self._small,
        )

    def _matters(self) -> Iterator[Flowable]:
        t, known = self._t, self._facts.sensitivity
        yield self._heading(t("cost.matters"))
        yield self._said(
            t("cost.matters_most", what=t.said(known.swings[0].what), saving=known.saving).replace("**", "")
        )
        bars = [(_plain(t.said(swing.what)), swing.at_low, swing.at_high) for swing in known.swings]
        ends = (_plain(t("cost.at_low")), _plain(t("cost.at_high")))
        yield drawing.tornado(bars, known.saving, self._whole, ends)
        yield self._said(t("cost.saved_unit", years=self._facts.comparisons[Case.TYPICAL].years), self._small)

    def _capacity(self) -> Iterator[Flowable]:
        facts, t = self._facts, self._t
        plan = facts.plan
        listed = filling.crossings(plan)
        years = list(range(plan.requirements.horizon_years + 1))
        yield self._heading(t("capacity.filling"))
        limits = {
            _plain(f"{t.number(each.share, _SHARE)} {t.said(each.name)}"): each.limit_tb
            for each in listed
            if each.disk == "NVMe" and each.case is Case.TYPICAL
        }
        series = {_plain(f"NVMe, {t(f'cases.{case.value}')} (TB)"): filling.used(plan, case) for case in Case}
        yield drawing.lines(years, series, limits, lambda value: _plain(t.number(value, ",.1f")))
        rows: dict[str, dict[str, object]] = {}
        for each in listed:
            name = f"{each.disk} {t.said(each.name)}, {t.number(each.share, _SHARE)}"
            row = rows.setdefault(name, {"limit": name, "limit_tb": round(each.limit_tb, 2)})
            row[f"crossed_{each.case.value}"] = t.said(each.month(facts.at.date()))
        yield self._table(list(rows.values()), (60, 25, 28, 28, 28))
        yield self._said(
            t(
                "capacity.about_needs",
                nodes=plan.nodes.value,
                reason=t.said(plan.nodes.reason),
                source=plan.nodes.source,
            ),
            self._small,
        )
        for warning in plan.warnings:
            yield self._said(t.said(warning), self._small)

    def _service_level(self) -> Iterator[Flowable]:
        facts, t, answer = self._facts, self._t, self._facts.served
        window, promise_s = t.said(WINDOW), facts.platform.promise.dashboard_average_s
        yield self._heading(t("pages.service_level"))
        yield from self._state(answer)
        if not answer.known:
            return
        dashboards, everything = (service_level.first(answer, name) for name in ("promise", "everything"))
        budget = service_level.budget(dashboards, service_level.groups(answer["hours"]), promise_s)
        if budget is None:
            yield self._said(t("service_level.untested", window=window, promise=promise_s))
        else:
            sentence = f"service_level.{'kept' if budget.left >= 0 else 'broken'}"
            hours = {"kept_hours": budget.kept_hours, "hours": budget.hours}
            yield self._said(t(sentence, promise=promise_s, **hours))
        if everything is not None:
            said = t(
                "service_level.everything",
                statements=everything.statements,
                failed=everything.failed,
                average=(everything.average_ms or 0) / 1000,
                p95=(everything.p95_ms or 0) / 1000,
                under_1s=everything.under_1s or 0,
            )
            yield self._said(said.replace("**", ""))
        for key, name in (("dashboard", "dashboards"), ("workload_group", "groups")):
            if rows := [self._group(key, group) for group in service_level.groups(answer[name])]:
                yield self._table(rows, (58, 24, 22, 22, 22, 22))
        yield self._source(answer, t("service_level.source", window=window))

    def _group(self, key: str, group: service_level.Group) -> dict[str, object]:
        t = self._t
        number = t("service_level.dashboard", number=group.name)
        fast = group.under_1s
        return {
            key: self._facts.titles.get(group.name, number) if key == "dashboard" else group.name,
            "statements": group.statements,
            "failed": group.failed,
            "average_ms": None if group.average_ms is None else round(group.average_ms, 1),
            "p95_ms": None if group.p95_ms is None else round(group.p95_ms, 1),
            "under_1s_percent": None if fast is None else round(100 * fast, 1),
        }

    def _data(self) -> Iterator[Flowable]:
        t, answer = self._t, self._facts.held
        yield self._heading(t("pages.data"))
        yield from self._state(answer)
        if not answer.known:
            return
        rows = [
            {
                "use_case": each.usecase.name,
                "owner": each.usecase.owner,
                "tables": len(each.tables),
                "rows": each.rows,
                "local": t.number(each.local_bytes, "size"),
                "object_store": t.number(each.remote_bytes, "size"),
                "last_load_utc": datetime.fromisoformat(each.last_load) if each.last_load else None,
                "checks": t("data.passed", passed=each.checks - each.failing, checks=each.checks)
                if each.checks
                else t("data.never"),
            }
            for each in holdings.holdings(answer, self._facts.usecases)
        ]
        if rows:
            yield self._table(rows, (18, 30, 14, 24, 18, 20, 24, 22))
        yield self._source(answer, t("data.source"))

    def _state(self, answer: Answer) -> Iterator[Flowable]:
        """Why there are no figures, or how old they are, where the warehouse did not answer."""
        t = self._t
        if answer.error is None:
            return
        reason = t.said(answer.error.partition("\n")[0])
        if answer.at is None:
            yield self._said(t("frame.never_answered", reason=reason))
        else:
            old = t.said(age(answer.at, self._facts.at))
            yield self._said(t("frame.last_known", reason=reason, age=old, at=answer.at))

    def _source(self, answer: Answer, text: str) -> Flowable:
        return self._said(self._t("frame.source", source=text, at=answer.at), self._small)

    def _benchmarks(self) -> Iterator[Flowable]:
        t = self._t
        yield self._heading(t("pages.benchmarks"))
        rows = [
            {
                "suite": f"{last.suite}, {t.number(last.scale, 'g')}",
                "machine": f"{last.machine.name}, {last.target}",
                "warm_average_ms": round(warm.average_ms, 1),
                "p95_ms": round(warm.p95_ms, 1),
                "measured_utc": last.started_at,
            }
            for last in {each.key: each for each in self._facts.benchmarks}.values()
            if (warm := summarise([time for query in last.queries for time in query.warm_ms]))
        ]
        yield self._table(rows, (40, 40, 30, 25, 35)) if rows else self._said(t("benchmarks.none"))
        kept = published.read().clickbench
        yield self._said(t("benchmarks.not_ours"), self._small)
        yield self._table(
            [
                {
                    "system": each.system,
                    "machine": each.machine,
                    "measured": each.measured,
                    "hot_mean_s": each.hot_mean,
                    "hot_p95_s": each.hot_p95,
                    "cold_mean_s": each.cold_mean,
                }
                for each in kept.results
                if each.system in ("Snowflake", "Apache Doris")
            ],
            (35, 45, 22, 24, 22, 22),
        )
        yield self._said(t("published.clickbench"), self._small)
        yield self._said(t("benchmarks.seen", source=kept.source, seen_on=kept.seen_on), self._small)

    def _prices(self) -> Iterator[Flowable]:
        t, today = self._t, self._facts.at.date()
        yield self._heading(t("cost.prices"))
        yield self._table(
            [
                {
                    "price": origin.name.replace(".", ". ").replace("_", "_ "),
                    "confidence": t(f"confidence.{origin.confidence.value}"),
                    "seen_on": origin.seen_on,
                    "age": t("cost.is_old") if origin.stale(today) else None,
                    "source": origin.source,
                }
                for origin in self._facts.comparisons[Case.TYPICAL].origins
            ],
            (38, 24, 20, 18, 70),
        )

    def _whole(self, value: float) -> str:
        return _plain(self._t.number(value, ",.0f"))

    def _heading(self, text: str) -> Paragraph:
        return Paragraph(_plain(text), ParagraphStyle("head", self._head, keepWithNext=1))

    def _said(self, text: str, style: ParagraphStyle | None = None) -> Paragraph:
        return Paragraph(_plain(text), style or self._text)

    def _table(self, rows: Sequence[Mapping[str, object]], widths_mm: Sequence[float]) -> Table:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        head = [Paragraph(f"<b>{_plain(self._t(f'columns.{column}'))}</b>", self._cell) for column in columns]
        lines = [[self._shown(row.get(column)) for column in columns] for row in rows]
        style = TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, _FAINT),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
        made = Table([head, *lines], [width * mm for width in widths_mm], repeatRows=1, hAlign="LEFT")
        made.setStyle(style)
        made.spaceAfter = 6
        return made

    def _shown(self, value: object) -> Flowable:
        t = self._t
        match value:
            case None:
                return Spacer(0, 0)
            case int() | float():
                return Paragraph(_plain(t.number(value, ",")), self._number)
            case datetime():
                return Paragraph(_plain(t.number(value, "minute")), self._cell)
            case str():
                return Paragraph(_plain(value), self._cell)
        return Paragraph(_plain(t.number(value, "date")), self._cell)


def _plain(text: str) -> str:
    """Text for a paragraph, in what the PDF's own fonts hold: they lack the narrow space of French numbers."""
    return escape(text.replace("\u202f", "\u00a0").encode("cp1252", "replace").decode("cp1252"))
