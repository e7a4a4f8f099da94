"""Units of measure: what they measure and how large they are, exactly.

A unit is a rational factor times a product of base dimensions, so that `5 kg·m/s^2` and `5 N` are one quantity.
Scales with another zero (°C, °F) are dimensions of their own: 20 °C is no multiple of a kelvin.
"""

# ruff: noqa: E501  (word tables)

import re
from functools import lru_cache
from typing import NamedTuple

from flint import fmpq


class Unit(NamedTuple):
    dims: tuple[tuple[str, int], ...]
    factor: fmpq


_BASE = {
    "length": "m metre meter", "mass": "", "time": "s sec second", "current": "A amp ampere",
    "temperature": "K kelvin", "amount": "mol mole", "angle": "° degree deg", "money": "$ dollar usd buck",
    "euro": "€ euro eur", "gbp": "£ gbp", "yen": "¥ yen yuan rmb cny", "celsius": "celsius", "fahrenheit": "fahrenheit",
    "years": "year yr", "ruble": "ruble", "krw": "krw", "information": "bit", "rad": "rad radian",
}  # fmt: skip
"""Names of the base unit of each dimension."""
_DERIVED = """
g gm gram gramme = 1/1000 kg | L l liter litre = 1/1000 m^3 | N newton = kg m s^-2 | J joule = kg m^2 s^-2 |
W watt = kg m^2 s^-3 | Pa pascal = kg m^-1 s^-2 | Hz hertz = s^-1 | C coulomb = A s | V volt = kg m^2 s^-3 A^-1 |
Ω ohm = kg m^2 s^-3 A^-2 | F farad = kg^-1 m^-2 s^4 A^2 | T tesla = kg s^-2 A^-1 | Wb weber = kg m^2 s^-2 A^-1 |
H henry = kg m^2 s^-2 A^-2 | byte = 8 bit |
in inch inche = 127/5000 m | ft foot feet = 381/1250 m | yd yard = 1143/1250 m | mi mile = 201168/125 m |
tonne = 1000 kg | lb lbs pound = 45359237/100000000 kg | oz ounce = 45359237/1600000000 kg |
ton = 45359237/50000 kg | min minute = 60 s | h hr hour = 3600 s | day = 86400 s | week = 604800 s |
month = 1/12 year | jiao = 1/10 ¥ | jin = 1/2 kg | cent ¢ = 1/100 $ | eV = 1602176634/10000000000000000000000000000 J | cal calorie = 523/125 J | Wh = 3600 J |
bar = 100000 Pa | atm = 101325 Pa | gallon gal = 473176473/125000000000 m^3 | quart qt = 473176473/500000000000 m^3 |
pint pt = 473176473/1000000000000 m^3 | cup = 473176473/2000000000000 m^3 | cc = 1/1000000 m^3 | acre = 316160658/78125 m^2 |
hectare ha = 10000 m^2 | mph = 1397/3125 m s^-1 | knot = 463/900 m s^-1 | angstrom Å = 1/10000000000 m | dozen = 12
"""
_PREFIXES = {
    "k": 3, "M": 6, "G": 9, "T": 12, "c": -2, "d": -1, "m": -3, "μ": -6, "µ": -6, "n": -9, "p": -12,
    "kilo": 3, "mega": 6, "giga": 9, "tera": 12, "centi": -2, "deci": -1, "milli": -3, "micro": -6, "nano": -9,
}  # fmt: skip
_PREFIXED = {
    "m": "kcdmμµnp", "g": "kmμµn", "s": "mμµn", "L": "mcdkμµ", "l": "mcdkμµ", "N": "kMm", "J": "kMGm", "W": "kMGm", "Pa": "kMGh",
    "Hz": "kMGT", "A": "mμµ", "V": "kmM", "mol": "mk", "eV": "kMG", "cal": "k", "Wh": "kMG", "Ω": "kM", "F": "μµnp", "T": "m", "C": "mμµn",
}  # fmt: skip
_LONG_PREFIXED = ("meter", "metre", "gram", "gramme", "second", "liter", "litre", "newton", "joule", "watt", "pascal",
    "hertz", "volt", "ampere", "calorie", "byte", "bit")  # fmt: skip


def _table() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for dim, names in _BASE.items():
        for name in names.split():
            table[name] = Unit(((dim, 1),), fmpq(1))
    table["kg"] = Unit((("mass", 1),), fmpq(1))
    for row in _DERIVED.replace("\n", " ").split("|"):
        names, _, value = row.partition("=")
        dims: dict[str, int] = {}
        factor = fmpq(1)
        for part in value.split():
            if part[0].isdigit():
                p, _, q = part.partition("/")
                factor *= fmpq(int(p), int(q or 1))
            else:
                base, _, e = part.partition("^")
                factor *= table[base].factor ** int(e or 1)
                for dim, k in table[base].dims:
                    dims[dim] = dims.get(dim, 0) + k * int(e or 1)
        unit = Unit(tuple(sorted((d, e) for d, e in dims.items() if e)), factor)
        table |= dict.fromkeys(names.split(), unit)
    for name, prefixes in _PREFIXED.items():
        for p in prefixes:
            if p in _PREFIXES:
                table.setdefault(p + name, _prefixed(table[name], _PREFIXES[p]))
    for name in _LONG_PREFIXED:
        for p, e in _PREFIXES.items():
            if len(p) > 2:
                table.setdefault(p + name, _prefixed(table[name], e))
    return table


def _prefixed(unit: Unit, power: int) -> Unit:
    return unit._replace(factor=unit.factor * fmpq(10) ** power)


UNITS = _table()
_PART = re.compile(r"([A-Za-z$€£¥¢°μµΩÅ]+)(?:\s*(?:\^\s*)?\{?(-?\d)\}?)?|(/|\bper\b)|([*·.\s])")
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}
_ALIASES = re.compile(r"(?:degrees?|deg|°)\s*(?:(c)(?:elsius)?|(f)(?:ahrenheit)?)\b", re.I)


def lookup(name: str) -> Unit | None:
    """One unit's name, singular or plural."""
    for form in (name, name.lower() if len(name) > 2 else name):
        if form in UNITS:
            return UNITS[form]
        if len(form) > 3 and form.endswith("s") and form[:-1] in UNITS:
            return UNITS[form[:-1]]
    return None


def is_unit_word(name: str) -> bool:
    """Whether a word may stand in a unit: a unit's name, `square`, `per` and the like."""
    return name.lower() in _POWERS or name == "per" or lookup(name) is not None


def canonical(text: str) -> str:
    """`degrees Celsius` and `°C` by one name."""
    return _ALIASES.sub(lambda m: "celsius" if m[1] else "fahrenheit", text)


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit | None:
    """Unit of a text such as `cm^2`, `miles per hour`, `square inches`; None if it is a noun of no dimension."""
    text = canonical(text)
    dims: dict[str, int] = {}
    factor = fmpq(1)
    sign = 1
    pending = 1
    found = False
    last: Unit | None = None
    for m in _PART.finditer(text):
        word, power, per, _ = m.groups()
        if per or word == "per":
            sign = -1
        elif word in ("squared", "cubed") and last:
            exponent = sign * (_POWERS[word] - 1)
            factor *= last.factor**exponent
            for dim, e in last.dims:
                dims[dim] = dims.get(dim, 0) + e * exponent
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
            for dim, e in unit.dims:
                dims[dim] = dims.get(dim, 0) + e * exponent
            factor *= unit.factor**exponent
            found = True
            last = unit
    return Unit(tuple(sorted((d, e) for d, e in dims.items() if e)), factor) if found else None
