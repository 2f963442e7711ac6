from __future__ import annotations

import zipfile
from datetime import datetime
from xml.sax.saxutils import escape

import pytest

_NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.fixture
def source(tmp_path):
    """Write bytes or text to a file; gives its path as a string."""

    def write(content, name="orders.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return str(path)

    return write


@pytest.fixture
def workbook(tmp_path):
    """Write a small .xlsx, sheet by sheet."""

    def write(sheets, name="orders.xlsx"):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("[Content_Types].xml", _content_types(len(sheets)))
            archive.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
            names = "".join(
                f'<sheet name="{escape(title)}" sheetId="{i}" r:id="rId{i}"/>'
                for i, title in enumerate(sheets, 1)
            )
            archive.writestr("xl/workbook.xml", f"<workbook {_NS} {_REL}><sheets>{names}</sheets></workbook>")
            targets = [("worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(sheets) + 1)]
            archive.writestr("xl/_rels/workbook.xml.rels", _relations([*targets, ("styles", "styles.xml")]))
            formats = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
            archive.writestr("xl/styles.xml", f"<styleSheet {_NS}>{formats}</styleSheet>")
            for i, rows in enumerate(sheets.values(), 1):
                archive.writestr(f"xl/worksheets/sheet{i}.xml", _sheet(rows))
        return str(path)

    return write


def _content_types(n):
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    parts += [(f"/xl/worksheets/sheet{i}.xml", "worksheet") for i in range(1, n + 1)]
    overrides = "".join(f'<Override PartName="{p}" ContentType="{kind}.{t}+xml"/>' for p, t in parts)
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    )
    return f'<Types xmlns="{_PACKAGE}/content-types">{defaults}{overrides}</Types>'


def _relations(targets):
    rows = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'


def _sheet(rows):
    lines = "".join(
        f'<row r="{i}">' + "".join(_cell(cell, f"{chr(65 + j)}{i}") for j, cell in enumerate(row)) + "</row>"
        for i, row in enumerate(rows, 1)
    )
    return f"<worksheet {_NS}><sheetData>{lines}</sheetData></worksheet>"


def _cell(value, ref):
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{ref}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, datetime):
        serial = (value - datetime(1899, 12, 30)).total_seconds() / 86400  # noqa: DTZ001
        return f'<c r="{ref}" s="1"><v>{serial!r}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{ref}"><v>{value}</v></c>'
    return f'<c r="{ref}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
