"""A letter as a printed page (PDF)."""

from __future__ import annotations

import io

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

_BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=15)
_MARGIN = 71  # points, 2.5 cm


def printed(text: str, title: str) -> bytes:
    """`text` on A4, a paragraph for each block between blank lines; the same bytes each time."""
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        title=title,
        invariant=True,
    )
    flow: list[Paragraph | Spacer] = []
    for block in text.strip().split("\n\n"):
        flow += [Paragraph(block.replace("\n", "<br/>"), _BODY), Spacer(1, 9)]
    page.build(flow)
    return out.getvalue()
