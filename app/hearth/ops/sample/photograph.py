"""A receipt as somebody photographed it: paper on a table, not quite straight, in poor light."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import reportlab
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from hearth.ops.sample.shapes import Receipt
from hearth.ops.sample.statements import english

_PAPER = (560, 900)  # pixels
_TABLE = (760, 1080)
_INK = (52, 50, 56)
_LINE = 40


def photograph(receipt: Receipt, seed: int) -> bytes:
    """A JPEG of the receipt; the same bytes for the same receipt and seed."""
    paper = _printed(receipt)
    scene = _on_table(paper)
    pixels = _lit(np.asarray(scene, dtype=np.float32), np.random.default_rng(seed))
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=82)
    return out.getvalue()


def _printed(receipt: Receipt) -> Image.Image:
    paper = Image.new("RGB", _PAPER, (246, 244, 238))
    pen = ImageDraw.Draw(paper)
    large, plain = _font(36), _font(23)
    middle, right = _PAPER[0] // 2, _PAPER[0] - 40
    pen.text((middle, 40), receipt.shop.upper(), _INK, large, anchor="ma")
    pen.text((middle, 96), "Marktplatz 1, Havelstadt", _INK, plain, anchor="ma")
    pen.text((40, 150), f"{receipt.bought:%d.%m.%Y}", _INK, plain)
    pen.text((right, 150), f"{receipt.bought:%H:%M}", _INK, plain, anchor="ra")
    y = 210
    for item in receipt.items:
        pen.text((40, y), item.name, _INK, plain)
        pen.text((right, y), english(item.minor_units), _INK, plain, anchor="ra")
        y += _LINE
    pen.line((40, y + 6, right, y + 6), _INK, 2)
    pen.text((40, y + 20), "TOTAL EUR", _INK, large)
    pen.text((right, y + 20), english(receipt.total), _INK, large, anchor="ra")
    pen.text((40, y + 86), "Paid by card", _INK, plain)
    pen.text((middle, y + 140), "Thank you for your visit!", _INK, plain, anchor="ma")
    return paper


def _font(size: int) -> ImageFont.FreeTypeFont:
    # Pillow's own font has no umlauts; reportlab ships one that has.
    return ImageFont.truetype(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf", size)


def _on_table(paper: Image.Image) -> Image.Image:
    table = Image.new("RGB", _TABLE, (122, 92, 66))
    mask = Image.new("L", paper.size, 255)
    turned = paper.rotate(2.2, Image.Resampling.BICUBIC, expand=True)
    edge = mask.rotate(2.2, Image.Resampling.BICUBIC, expand=True)
    shadow = Image.new("RGB", turned.size, (48, 36, 28))
    place = ((_TABLE[0] - turned.width) // 2, (_TABLE[1] - turned.height) // 2)
    table.paste(shadow, (place[0] + 9, place[1] + 11), edge)
    table = table.filter(ImageFilter.GaussianBlur(6))
    table.paste(turned, place, edge)
    return table.filter(ImageFilter.GaussianBlur(0.8))


def _lit(scene: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.uint8]:
    height, width, _ = scene.shape
    across = np.linspace(1.03, 0.78, width)[None, :, None]  # a shadow falls from the right
    down = np.linspace(1.0, 0.92, height)[:, None, None]
    grain = chance.normal(0, 5, (height, width, 1))
    return np.clip(scene * across * down + grain, 0, 255).astype(np.uint8)
