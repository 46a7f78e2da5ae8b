"""Amounts as printed by banks, counted in minor units; never floats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

_DIGITS = {
    "JPY": 0,
    "KRW": 0,
    "ISK": 0,
    "CLP": 0,
    "BHD": 3,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
}  # ISO 4217
_UNIT = r"(?:[A-Za-z]{3}|[€$£¥])"
_NAMED = re.compile(rf"^([+-]?)\s*{_UNIT}\s*|\s*{_UNIT}$")
_GROUPED = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
_MINUS = str.maketrans("−–", "--")
_NUMBER = re.compile(r"\d[\d.,]*")


class BadAmount(ValueError):
    """This is no amount; the message says why."""


class NoDecimalSign(ValueError):
    """The amounts do not show, or contradict each other in, which sign marks the decimals."""


def decimal_sign(amounts: Iterable[str]) -> str:
    """The sign before the decimals, "." or ",", as all the amounts together show it."""
    shown: set[str] = set()
    doubtful = False
    for amount in amounts:
        sign = _shown_sign(_bare(amount))
        doubtful |= sign == "?"
        shown |= {sign} & {".", ","}
    if len(shown) > 1:
        raise NoDecimalSign("some amounts have a decimal point and others a decimal comma")
    if doubtful and not shown:
        raise NoDecimalSign("1.234 or 1,234 may be over a thousand or little more than one")
    return shown.pop() if shown else "."


def minor_units(amount: str, sign: str, currency: str) -> int:
    """An amount in the currency's smallest unit, exactly. Raises BadAmount."""
    bare = _bare(amount)
    negative = bare.startswith(("-", "(")) or bare.endswith("-")
    body = bare.strip("+-()")
    group = "," if sign == "." else "."
    pattern = rf"(\d+|\d{{1,3}}(?:{re.escape(group)}\d{{3}})+)(?:{re.escape(sign)}(\d+))?"
    found = re.fullmatch(pattern, body, re.ASCII)
    if found is None or len(bare) - len(body) > 2:
        raise BadAmount(f"“{amount}” is not an amount")
    digits = digits_of(currency)
    if len((found[2] or "").rstrip("0")) > digits:
        raise BadAmount(f"“{amount}” has more decimals than {currency} has")
    value = Decimal(f"{found[1].replace(group, '')}.{found[2] or 0}").scaleb(digits)
    return -int(value) if negative else int(value)


def decimals(amount: str, sign: str) -> int:
    """How many decimals are printed."""
    return len(_bare(amount).strip("+-()").partition(sign)[2])


def digits_of(currency: str) -> int:
    """How many decimals the currency has."""
    return _DIGITS.get(currency, 2)


def printed(units: int, currency: str) -> str:
    """An amount for people, without its sign: "1,234.50 EUR"."""
    digits = digits_of(currency)
    return f"{Decimal(abs(units)).scaleb(-digits):,.{digits}f} {currency}"


def _bare(amount: str) -> str:
    """The amount without its currency and the marks, other than . and , between thousands."""
    return _GROUPED.sub("", _NAMED.sub(r"\1", amount.translate(_MINUS).strip())).strip()


def _shown_sign(bare: str) -> str:
    """The decimal sign that one amount shows: "." or ",", "?" in doubt, "" where it has none."""
    found = _NUMBER.search(bare)
    signs = re.findall(r"[.,]", found[0]) if found else []
    if not signs:
        return ""
    if len(set(signs)) == 2:
        return str(signs[-1])
    if len(signs) > 1:
        return "," if signs[0] == "." else "."
    whole, _, rest = found[0].partition(signs[0]) if found else ("", "", "")
    return "?" if len(rest) == 3 and len(whole) <= 3 and whole != "0" else str(signs[0])
