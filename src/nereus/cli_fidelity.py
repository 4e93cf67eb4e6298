"""`nereus fidelity`: compare the embedded warehouse with what real Doris servers answered."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nereus.errors import BadInput
from nereus.fidelity import page, report
from nereus.fidelity.findings import Verdict, count
from nereus.paths import PROJECT

out = Console(soft_wrap=True, highlight=False)


def fidelity(
    kinds: Annotated[list[str] | None, typer.Argument(help="Which kinds of facts; without it all.")] = None,
    show: Annotated[bool, typer.Option(help="List every fact that is refused, too.")] = False,
    texts: Annotated[bool, typer.Option(help="List errors whose text is not Doris', too.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write docs/fidelity.md anew.")] = False,
) -> None:
    """Compare with recorded answers of Apache Doris. Exit code 1 when something differs or a bound is missed."""
    wanted = tuple(kinds or ())
    known = [kind.key for kind in report.KINDS]
    strange = [key for key in wanted if key not in known]
    if strange:
        raise BadInput(f"there are no facts called {strange[0]!r}", fix=f"Choose from: {', '.join(known)}.")
    if write and wanted:
        raise BadInput("--write needs every kind of facts", fix="Run: nereus fidelity --write")
    with out.status("comparing") as spinner:
        measured = report.measure(wanted, lambda title: spinner.update(escape(title)))
    for one in measured:
        _print_findings(one, show, texts)
    out.print(_table(measured))
    if write:
        text = page.write(measured)
        changed = not page.PAGE.exists() or page.PAGE.read_text(encoding="utf-8") != text
        if changed:
            page.PAGE.write_text(text, encoding="utf-8")
        out.print(f"{page.PAGE.relative_to(PROJECT)}: {'written' if changed else 'nothing changed'}.")
    if not all(one.holds for one in measured):
        raise typer.Exit(1)


def _print_findings(one: report.Measured, show: bool, texts: bool) -> None:
    for finding in one.findings:
        refused = finding.verdict is Verdict.REFUSED
        other_text = finding.verdict is Verdict.EQUAL and finding.detail and one.kind.key == "statements"
        if finding.verdict.breaks or (show and refused) or (texts and other_text):
            word = "another text" if other_text else finding.verdict
            color = "red" if finding.verdict.breaks else "yellow"
            out.print(f"[{color}]{word}[/] {one.kind.key}: {escape(finding.subject)}\n    {escape(finding.detail)}")


def _table(measured: list[report.Measured]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("kind")
    for title in ("facts", *Verdict, "share", "bound", ""):
        table.add_column(title, justify="right", min_width=6)
    for one in measured:
        counts = count(one.findings)
        table.add_row(
            one.kind.key,
            str(len(one.findings)),
            *(str(counts[verdict]) for verdict in Verdict),
            f"{one.share:.1%}",
            f"{one.kind.least:.0%}" if one.kind.least else "",
            "[green]holds[/]" if one.holds else "[red]missed[/]",
        )
    return table
