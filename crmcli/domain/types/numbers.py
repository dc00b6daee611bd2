"""Numbers, probabilities and amounts of money: whole numbers in the store, of the smallest unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain import money
from crmcli.domain.text import digits, unmarked
from crmcli.domain.types.base import Type
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from crmcli.domain.types.base import Env, Stored


class Integer(Type):
    """A whole number between `low` and `high`, both included."""

    name = "integer"
    family = "number"

    def __init__(self, low: int = -(2**63), high: int = 2**63 - 1, unit: str = "") -> None:
        self.low, self.high, self.unit = low, high, unit

    def parse(self, text: str, env: Env) -> Stored:
        plain = digits(text).strip().replace(",", "").replace("\u202f", "").replace(" ", "")
        if not plain:
            return None
        if plain.endswith(".0"):
            plain = plain[:-2]
        scale = {"k": 1000, "m": 1_000_000}.get(plain[-1:].lower(), 1)
        body = plain[:-1] if scale > 1 else plain
        if not body[body[:1] in ("+", "-") :].isdigit() or not body.isascii() or len(body) > 20:
            raise FieldError(f"'{text}' is not a whole number")
        number = int(body) * scale
        if not self.low <= number <= self.high:
            raise FieldError(f"{number} is out of range: {self.low} to {self.high}")
        return number


class Number(Integer):
    """A number with up to six decimals, kept in millionths: whole numbers are compared alike by both engines and by
    Python, and a decimal fraction stays what was typed."""

    name = "number"
    DECIMALS = 6
    SCALE = 10**DECIMALS

    def parse(self, text: str, env: Env) -> Stored:
        plain = "".join(digits(unmarked(text), env.decimal).replace("\u2212", "-").split())
        if not plain:
            return None
        scale = {"k": 1000, "m": 1_000_000}.get(plain[-1:].lower(), 1)
        body = plain[:-1] if scale > 1 else plain
        sign, body = (body[0], body[1:]) if body[:1] in ("+", "-") else ("", body)
        body, power, exponent = body.lower().partition("e")
        whole, _, part = _pointed(body, env.decimal).partition(".")
        if power:
            whole, part = _moved(whole, part, exponent)
        if not (whole + part).isdigit() or not plain.isascii() or len(whole) > 20:
            raise FieldError(f"'{text}' is not a number", hint="write it in digits, such as 25, -3.5 or 1,200")
        part = part.rstrip("0")
        if len(part) > self.DECIMALS:
            raise FieldError(f"'{text}' has more than {self.DECIMALS} decimals", hint="round it")
        number = (int(whole or "0") * self.SCALE + int(part.ljust(self.DECIMALS, "0"))) * scale
        if number > self.high:
            raise FieldError(f"'{text}' is out of range: {self.show(-self.high)} to {self.show(self.high)}")
        return -number if sign == "-" else number

    def show(self, stored: Stored) -> str:
        if stored is None:
            return ""
        whole, part = divmod(abs(stored), self.SCALE)
        text = f"{whole}.{part:0{self.DECIMALS}d}".rstrip("0") if part else str(whole)
        return f"-{text}" if stored < 0 else text


def _moved(whole: str, part: str, exponent: str) -> tuple[str, str]:
    """Digits before and after the point, with the point moved as 1.5e-06 says, which is how programs write what is very
    small or large; none where that is no exponent."""
    sign, far = (exponent[0], exponent[1:]) if exponent[:1] in ("+", "-") else ("", exponent)
    if not (far.isdigit() and len(far) < 3 and whole):
        return "", ""
    if sign == "-":
        whole = whole.zfill(int(far) + 1)
        return whole[: -int(far) or None], whole[len(whole) - int(far) :] + part
    part = part.ljust(int(far), "0")
    return whole + part[: int(far)], part[int(far) :]


def _pointed(number: str, decimal: str | None) -> str:
    """A number of digits and separators with a point for the decimal sign and none for thousands. Where the sign is not
    known, the last of two kinds is it, and a lone comma before exactly three digits groups thousands."""
    if decimal is None:
        comma, point = number.rfind(","), number.rfind(".")
        if comma >= 0 and point >= 0:
            decimal = "," if comma > point else "."
        elif comma >= 0:
            grouped = number.count(",") > 1 or (len(number) - comma == 4 and number[:1] not in ("0", ","))
            decimal = "." if grouped else ","
        else:
            decimal = "." if number.count(".") < 2 else ","
    other = "." if decimal == "," else ","
    body, mark, fraction = number.rpartition(decimal) if decimal in number else (number, "", "")
    groups = body.split(other)
    if other in fraction or (len(groups) > 1 and not all(len(group) == 3 for group in groups[1:])):
        return ""
    return "".join(groups) + mark.replace(",", ".") + fraction


class Percent(Type):
    """A probability in percent with up to two decimals, kept in basis points."""

    name = "percent"
    family = "number"

    def parse(self, text: str, env: Env) -> Stored:
        plain = digits(text).strip().removesuffix("%").removesuffix("٪").strip().replace(",", ".")
        if not plain:
            return None
        whole, _, part = plain.partition(".")
        if not whole.isdigit() or not (part + "0").isdigit() or not plain.isascii() or len(whole) > 3 or len(part) > 2:
            raise FieldError(f"'{text}' is not a percentage", hint="write a number from 0 to 100, such as 25 or 33.49")
        points = int(whole) * 100 + int((part + "00")[:2])
        if points > 10_000:
            raise FieldError(f"{text} is more than 100 %")
        return points

    def show(self, stored: Stored) -> str:
        if stored is None:
            return ""
        whole, part = divmod(stored, 100)
        return f"{whole}.{part:02d}".rstrip("0") if part else str(whole)


class Money(Type):
    """An amount in minor units of the record's currency; `currency` names the field that holds the code."""

    name = "money"
    family = "money"

    def __init__(self, currency: str = "currency") -> None:
        self.currency = currency

    def parse(self, text: str, env: Env) -> Stored:
        """The minor units in `env.currency`; an amount that names another currency is refused here."""
        if not text.strip():
            return None
        minor, code = money.parse_money(text, env.currency, env.decimal)
        if code != env.currency:
            raise FieldError(f"'{text}' is in {code}, the record is in {env.currency}")
        return minor


class Currency(Type):
    """An ISO 4217 code."""

    name = "currency"
    family = "identifier"

    def parse(self, text: str, env: Env) -> Stored:
        code = text.strip().upper()
        if not code:
            return None
        if not money.known(code):
            raise FieldError(f"'{text}' is not a currency", hint="use an ISO 4217 code such as EUR, USD or IRR")
        return code
