"""A back-test to look at: bars and tables, on a terminal or as one SVG file without fonts or scripts from elsewhere."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Final

from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from dealreg.service.backtest.report import Change, Report, Side

WIDTH: Final = 120
LABELS: Final = 42
"""Characters of a chart's row before its bar."""

MOST: Final = 10
"""Rows of a chart of customers or partners."""

SVG: Final = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""
"""The library's own frame names a font at somebody's server; this one is whole by itself."""


def svg(report: Report) -> str:
    """The charts as SVG."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(charts(report, WIDTH))
    return console.export_svg(title=title(report), theme=DEFAULT_TERMINAL_THEME, code_format=SVG, unique_id="backtest")


def title(report: Report) -> str:
    """What was asked, in a line."""
    period = "" if report.begins is None and report.ends is None else f", {_day(report.begins)} to {_day(report.ends)}"
    return f"{report.program} under {report.candidate}, {report.sense.value}{period}"


def charts(report: Report, width: int) -> RenderableType:
    """How many of each kind, by clause, customer, partner, and over time; ``width`` in characters."""
    months = Counter(f"{change.at:%Y-%m}" for change in report.changes)
    return Group(
        Text(summary(report)),
        *_chart("by kind", report.by_kind(), width),
        *_chart("by clause", report.by_clause(), width),
        *_chart("by month", dict(sorted(months.items())), width, most=60),
        *_chart("by end customer", report.by_customer(), width),
        *_chart("by partner that filed", report.by_partner(), width),
    )


def summary(report: Report) -> str:
    """How many decisions came out otherwise, in a sentence or two."""
    counts = report.counts
    made = f"{counts.made_again:,} of {counts.decisions:,} decisions made again under {report.candidate}"
    said = [
        f"{made}: {counts.differing:,} differ in {len(report.changes):,} things, {counts.other_words:,} in words only."
    ]
    left = {
        "not recorded": counts.not_recorded,
        "otherwise by this build alone": counts.by_build,
        "broken": counts.broken,
        "of people's decisions have no case in this course": counts.unkept,
    }
    said += [f"{number:,} {words}." for words, number in left.items() if number]
    return " ".join(said)


def side_by_side(report: Report, most: int) -> Table:
    """What came out and what would have, with the reasons; the first so many."""
    table = Table(title=f"What differs: {min(most, len(report.changes))} of {len(report.changes)}", show_lines=True)
    for column in ("when", "what", "of whom", "as recorded", "under the candidate"):
        table.add_column(column, overflow="fold")
    for change in islice(report.changes, most):
        what = " ".join(filter(None, (change.kind.value, change.line, change.tier)))
        whom = " · ".join(filter(None, (change.partner, change.customer_name)))
        table.add_row(f"{change.at:%Y-%m-%d}", what, whom, *_sides(change))
    return table


def _sides(change: Change) -> Iterator[str]:
    for side in (change.recorded, change.candidate):
        yield said(side)


def said(side: Side) -> str:
    """One side in words: ``declined (ROE-3): its value is below the minimum``."""
    until = f" to {side.to:%Y-%m-%d %H:%M}" if side.to is not None else ""
    clause = f" ({side.clause})" if side.clause else ""
    reason = f": {side.reason}" if side.reason else ""
    return f"{side.outcome}{until}{clause}{reason}"


def _chart(name: str, numbers: Mapping[str, int], width: int, most: int = MOST) -> Iterator[RenderableType]:
    if not numbers:
        return
    longest = max(numbers.values())
    rest = len(numbers) - most
    table = Table(
        title=name if rest <= 0 else f"{name} (the first {most} of {len(numbers)})", box=None, title_justify="left"
    )
    table.add_column(no_wrap=True, min_width=28, max_width=28, overflow="ellipsis")
    table.add_column(justify="right", min_width=7)
    table.add_column(no_wrap=True)
    for row, number in islice(numbers.items(), most):
        table.add_row(row, f"{number:,}", Bar(longest, 0, number, width=max(width - LABELS, 10), color="blue"))
    yield Text()
    yield table


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at is not None else "now"
