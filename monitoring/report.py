"""The report: one self-contained page, its plain text, and the page for a mail.

Nothing in the page is loaded from elsewhere: pictures are data: URIs, and a content security
policy forbids the rest. The mail has the same page with the pictures as attached parts.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup, escape

from monitoring import wording
from monitoring.cells import Section
from monitoring.content import Letterhead, ReportContent
from monitoring.pictures import Picture, pictures
from monitoring.sections import headline, in_order, sections
from monitoring.sparklines import drawn_of, sparklines

__all__ = ["Report", "ReportContent", "build", "compose", "content_id"]

_TEXT_WIDTH = 78


@dataclass(frozen=True)
class Report:
    """A built report.

    html: one self-contained page; mail_html: the same with pictures as `cid:` references, see
    content_id; text: the same in plain text; pictures: PNG bytes by name.
    """

    html: str
    mail_html: str
    text: str
    pictures: dict[str, bytes]


def build(content: ReportContent) -> Report:
    """Render the report. A pure function of the content: the same content gives the same bytes.

    Raises what ReportContent raises; content that was accepted there can be built.
    """
    lines = sparklines(content.daily_errors, in_order(content.accuracy))
    return compose(
        content, headline(content), sections(content, lines), pictures(content) | drawn_of(lines)
    )


def compose(
    head: Letterhead, findings: list[str], parts: list[Section], drawn: dict[str, Picture]
) -> Report:
    """A report of findings and sections; drawn: the pictures that sections and cells name."""
    return Report(
        html=_html(head, findings, parts, drawn, _data_uri, standalone=True),
        mail_html=_html(head, findings, parts, drawn, lambda name, _: f"cid:{content_id(name)}"),
        text=_text(head, findings, parts, drawn),
        pictures={name: picture.png for name, picture in drawn.items()},
    )


def content_id(name: str) -> str:
    """The Content-ID, without brackets, of the picture called name."""
    return f"{name}.png@gridcast.invalid"


def _html(
    head: Letterhead,
    findings: list[str],
    parts: list[Section],
    drawn: dict[str, Picture],
    source: Callable[[str, bytes], str],
    *,
    standalone: bool = False,
) -> str:
    return render(
        "report.html.j2",
        content=head,
        as_of=wording.moment(head.as_of, head.zone),
        headline=findings,
        sections=parts,
        pictures=drawn,
        sources={name: source(name, picture.png) for name, picture in drawn.items()},
        standalone=standalone,
    )


def _text(
    head: Letterhead, findings: list[str], parts: list[Section], drawn: dict[str, Picture]
) -> str:
    text = render(
        "report.txt.j2",
        content=head,
        as_of=wording.moment(head.as_of, head.zone),
        headline=findings,
        sections=parts,
        pictures=drawn,
        wrap=_wrap,
        table=_text_table,
    )
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ")


def render(template: str, **values: object) -> str:
    """A template of this package, filled; an HTML one escapes its values."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("monitoring", "templates"),
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    return environment.get_template(template).render(**values)


def _breakable(text: str) -> Markup:
    """The escaped text, which may wrap after a dot or underscore: names here are long."""
    return escape(text).replace(".", Markup(".<wbr>")).replace("_", Markup("_<wbr>"))


def _data_uri(name: str, png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _wrap(text: str, first: str = "", indent: str | None = None) -> str:
    """The text filled to the width; first leads the first line, indent the others."""
    indent = " " * len(first) if indent is None else indent
    return textwrap.fill(
        " ".join(text.split()), _TEXT_WIDTH, initial_indent=first, subsequent_indent=indent
    )


def _text_table(section: Section) -> str:
    """Aligned columns where they fit, else one block of 'label: value' lines per row."""
    labels = [heading.label for heading in section.headings]
    rows = [[" ".join(cell.text.split()) for cell in row] for row in section.rows]
    widths = [max(len(line[at]) for line in [labels, *rows]) for at in range(len(labels))]
    if sum(widths) + 2 * len(widths) > _TEXT_WIDTH:
        return "\n\n".join(
            "\n".join(
                _wrap(f"{label}: {value}", "  ", "      ")
                for label, value in zip(labels, row, strict=True)
            )
            for row in rows
        )
    figures = [heading.figures for heading in section.headings]
    return "\n".join(
        "  "
        + "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, figures, strict=True)
        ).rstrip()
        for line in [labels, ["-" * width for width in widths], *rows]
    )
