"""Units of measure: what they measure and how large they are, exactly."""

# ruff: noqa: E501  (word tables)

import re
from typing import NamedTuple

from flint import fmpq


class Unit(NamedTuple):
    dims: tuple[tuple[str, int], ...]
    factor: fmpq


def _table() -> dict[str, tuple[str, fmpq]]:
    rows = {
        "length": "m 1|metre 1|meter 1|km 1000|kilometer 1000|kilometre 1000|cm 1/100|centimeter 1/100|"
        "centimetre 1/100|mm 1/1000|millimeter 1/1000|dm 1/10|in 127/5000|inch 127/5000|inche 127/5000|ft 381/1250|foot 381/1250|"
        "feet 381/1250|yd 1143/1250|yard 1143/1250|mi 201168/125|mile 201168/125|nm 1/1000000000|μm 1/1000000",
        "mass": "g 1|gm 1|gram 1|kg 1000|kilogram 1000|mg 1/1000|tonne 1000000|lb 45359237/100000|"
        "pound 45359237/100000|oz 45359237/1600000|ounce 45359237/1600000",
        "time": "s 1|sec 1|second 1|min 60|minute 60|h 3600|hr 3600|hour 3600|day 86400|week 604800|ms 1/1000",
        "years": "year 1|month 1/12",
        "angle": "° 1|degree 1|deg 1",
        "money": "$ 1|dollar 1|cent 1/100|usd 1",
        "euro": "€ 1|euro 1|eur 1",
        "gbp": "£ 1|gbp 1",
        "yen": "¥ 1|yen 1|yuan 1|rmb 1",
        "current": "A 1|amp 1|ampere 1|mA 1/1000",
        "temperature": "K 1|kelvin 1",
        "celsius": "C 1|celsius 1",
        "fahrenheit": "F 1|fahrenheit 1",
        "volume": "L 1|l 1|liter 1|litre 1|mL 1/1000|ml 1/1000|milliliter 1/1000|gallon 1|gal 1",
        "energy": "J 1|joule 1|kJ 1000|eV 1",
        "power": "W 1|watt 1|kW 1000",
        "force": "N 1|newton 1",
        "voltage": "V 1|volt 1",
        "frequency": "Hz 1|hertz 1|kHz 1000",
        "pressure": "Pa 1|pascal 1|kPa 1000|atm 101325",
        "amount": "mol 1|mole 1",
        "mph": "mph 1",
    }
    table: dict[str, tuple[str, fmpq]] = {}
    for dim, row in rows.items():
        for entry in row.split("|"):
            name, factor = entry.split()
            p, _, q = factor.partition("/")
            table[name] = (dim, fmpq(int(p), int(q or 1)))
    return table


UNITS = _table()
_PART = re.compile(r"([A-Za-z$€£¥°μ]+)(?:\s*\^?\s*\{?(-?\d)\}?)?|(/|\bper\b)|([*·.\s])")
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}


def lookup(name: str) -> tuple[str, fmpq] | None:
    """Dimension and size of one unit's name, singular or plural."""
    for form in (name, name.lower() if len(name) > 2 else name):
        if form in UNITS:
            return UNITS[form]
        if len(form) > 3 and form.endswith("s") and form[:-1] in UNITS:
            return UNITS[form[:-1]]
    return None


def parse_unit(text: str) -> Unit | None:
    """Unit of a text such as `cm^2`, `miles per hour`, `square inches`; None if it is a noun of no dimension."""
    text = text.replace("mph", "miles per hour")
    dims: dict[str, int] = {}
    factor = fmpq(1)
    sign = 1
    pending = 1
    found = False
    last: tuple[str, fmpq] | None = None
    for m in _PART.finditer(text):
        word, power, per, _ = m.groups()
        if per or word == "per":
            sign = -1
        elif word in ("squared", "cubed") and last:
            dims[last[0]] = dims.get(last[0], 0) + sign * (_POWERS[word] - 1)
            factor *= last[1] ** (sign * (_POWERS[word] - 1))
        elif word and word.lower() in _POWERS:
            pending = _POWERS[word.lower()]
        elif word:
            unit = lookup(word)
            if unit is None:
                if word.lower() in ("unit", "units"):
                    pending = 1
                    continue
                return None
            exponent = sign * (int(power) if power else pending)
            pending = 1
            dims[unit[0]] = dims.get(unit[0], 0) + exponent
            factor *= unit[1] ** exponent
            found = True
            last = unit
    return Unit(tuple(sorted((d, e) for d, e in dims.items() if e)), factor) if found else None
