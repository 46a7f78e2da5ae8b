"""Files to text: what is read, and in which words the rest is refused."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pod_house import pdf
from pypdf import PdfReader, PdfWriter

from hearth.core.errors import BadInput, TooLarge
from hearth.knowledge import formats
from hearth.knowledge.formats import pdf_child
from hearth.knowledge.formats.decoding import decode
from hearth.pod.files import check_size

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def flate_pdf(content: bytes) -> bytes:
    """A PDF of one page whose drawing commands are `content`, compressed."""
    packed = zlib.compress(content, 9)
    font = b"<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 900 900]/Contents 4 0 R/Resources "
        + font
        + b">>endobj\n4 0 obj<</Filter/FlateDecode/Length %d>>stream\n" % len(packed)
        + packed
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
    )


def read(name: str, data: bytes) -> formats.Reading:
    formats.check(name, data)
    return formats.read(name, data)


def refused(name: str, data: bytes) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read(name, data)
    assert caught.value.where == name
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        "Grüße – naïve".encode(),
        "Grüße – naïve".encode("utf-8-sig"),
        "Grüße – naïve".encode("utf-16"),
        "Grüße – naïve".encode("utf-16-le").join([b"\xff\xfe", b""]),
    ],
)
def test_unicode_is_read_with_and_without_a_mark(data: bytes) -> None:
    assert decode(data, "a.txt") == "Grüße – naïve"


def test_an_old_western_encoding_is_recognised() -> None:
    text = "Sehr geehrte Familie Müller, die Heizung wird am 8. Dezember überprüft. Schöne Grüße."
    assert decode(text.encode("cp1252"), "a.txt") == text


def test_all_line_ends_become_one() -> None:
    assert decode(b"a\r\nb\rc\nd\fe", "a.txt") == "a\nb\nc\nd e"


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])))
def test_any_printable_text_comes_back(text: str) -> None:
    assert decode(text.encode(), "a.txt") == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("caf\u00e9 and more ".encode() + b"\xff\xfe\xfd broken", "byte 15 "),
        (b"plain then \xff\xfe\x00\x80\x81\xfa\xc0\xc1\xfe\xff\x90\x8f", "byte 11 "),
        ("ein gutes Stück Text über".encode()[:-7] + b"\xc3", "byte 20 "),
        (b"text\x00with a hole", "character 5 "),
        (b"\xff\xfea", "byte 2 "),
    ],
)
def test_what_is_not_text_is_refused_with_its_place(data: bytes, place: str) -> None:
    assert place in refused("a.txt", data).message


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("landlord-heating.txt", "Dear all,\n\nit is cold.", "Landlord heating"),
        ("x.txt", "Subject: Your lease\n\nHello", "Your lease"),
        ("x.txt", "Firm\nRoad 1\n\n3 May 2026\n\nNew rent\n\nDear Ms Sommer,\n\nhi", "New rent"),
        ("old_rent.txt", "Firm\n\n3 May 2026\n\nDear Ms Sommer,\n\nhi", "Old rent"),
        ("soup.md", "text first\n\n# Lentil soup\n", "Lentil soup"),
        ("two-words.md", "no heading", "Two words"),
        (".txt.txt", "x", ".txt"),
    ],
)
def test_a_title_is_found(name: str, text: str, title: str) -> None:
    assert read(name, text.encode()).title == title


def test_a_pdf_keeps_its_pages_and_paragraphs() -> None:
    letter = read("letter.pdf", pdf(["Subject: Lease", "", "It ends in May."], ["Page two"]))
    assert (letter.title, letter.paged, letter.detail) == ("Lease", True, "2 pages")
    assert letter.text == "Subject: Lease\n\nIt ends in May.\fPage two"


def test_a_pdf_without_text_is_called_a_scan() -> None:
    assert "no text" in refused("scan.pdf", pdf([], [])).message


def test_a_locked_pdf_is_called_locked() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["secret"]))))
    writer.encrypt("password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert "password" in refused("locked.pdf", out.getvalue()).message


@pytest.mark.parametrize("cut", [10, 200, 600])
def test_a_torn_pdf_is_refused(cut: int) -> None:
    assert "damaged" in refused("torn.pdf", pdf(["words"])[:cut]).message


def test_a_pdf_that_swells_is_refused() -> None:
    words = b"BT /F 9 Tf 9 9 Td (harmless words) Tj ET\n"
    assert read("small.pdf", flate_pdf(words)).text == "harmless words"
    bomb = flate_pdf(words * 2_500_000)
    assert len(bomb) < 1_000_000
    assert "too hard" in refused("bomb.pdf", bomb).message


def test_a_pdf_of_too_many_pages_is_too_large() -> None:
    data = pdf(*[["x"]] * (pdf_child.MOST_PAGES + 1))
    assert isinstance(refused("long.pdf", data), TooLarge)


def test_a_picture_is_kept_without_text() -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    picture = read("receipt.jpg", out.getvalue())
    assert (picture.kind, picture.text) == ("image", None)
    assert "not read" in picture.detail


def test_a_zip_bomb_is_refused_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", bytes(50_000_000))
    monkeypatch.setattr(zlib, "decompressobj", None)  # whoever unpacks it, fails
    assert "archives are not read" in refused("bomb.zip", out.getvalue()).message
    assert "zip archive" in refused("bomb.txt", out.getvalue()).message
    assert "zip archive" in refused("bomb.pdf", out.getvalue()).message


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("letter.docx", b"PK\x03\x04", ".docx"),
        ("noname", b"text", "without a suffix"),
        ("photo.txt", PNG, "a PNG picture"),
        ("photo.jpg", PNG, "a PNG picture"),
        ("page.pdf", b"just text", "something else"),
        ("notes.md", b"%PDF-1.7", "a PDF"),
        ("empty.txt", b" \n", "empty"),
    ],
)
def test_false_names_and_unknown_types_are_refused(name: str, data: bytes, words: str) -> None:
    assert words in refused(name, data).message


def test_an_unknown_type_is_answered_with_the_known_ones() -> None:
    remedy = refused("letter.docx", b"PK").remedy
    assert remedy is not None
    assert all(suffix in remedy for suffix in (".md", ".pdf", ".txt"))


def test_too_large_names_size_and_limit() -> None:
    with pytest.raises(TooLarge, match=r"50\.0 MB.*20\.0 MB"):
        check_size(50_000_000, 20_000_000, "big.txt")
