"""E-mail addresses, telephone numbers and web addresses: checked, and brought to the form that is compared."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from crmcli.domain.text import clip, digits, fold
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Providers where anybody may have an address: their domain says nothing about the company.
_PUBLIC_TEXT = """
    gmail.com googlemail.com outlook.com outlook.fr outlook.de outlook.es hotmail.com hotmail.co.uk hotmail.fr
    hotmail.de hotmail.it hotmail.es live.com live.co.uk live.fr live.nl msn.com passport.com windowslive.com
    yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.in yahoo.co.in yahoo.co.jp yahoo.com.br
    yahoo.ca ymail.com rocketmail.com aol.com aim.com icloud.com me.com mac.com proton.me protonmail.com
    protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com gmx.com gmx.de gmx.net gmx.at gmx.ch web.de
    t-online.de freenet.de arcor.de mail.com email.com usa.com fastmail.com fastmail.fm hey.com zoho.com
    zohomail.com hushmail.com mailbox.org posteo.de posteo.net disroot.org riseup.net runbox.com startmail.com
    yandex.com yandex.ru ya.ru mail.ru bk.ru inbox.ru list.ru rambler.ru ukr.net i.ua meta.ua qq.com foxmail.com
    163.com 126.com yeah.net sina.com sohu.com aliyun.com 139.com 189.cn naver.com hanmail.net daum.net
    docomo.ne.jp ezweb.ne.jp softbank.ne.jp rediffmail.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr
    neuf.fr libero.it virgilio.it tiscali.it alice.it tin.it wp.pl o2.pl onet.pl interia.pl seznam.cz email.cz
    centrum.cz azet.sk abv.bg mail.bg bol.com.br uol.com.br terra.com.br comcast.net verizon.net att.net
    sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com btinternet.com virginmedia.com
    sky.com talktalk.net ntlworld.com bigpond.com optusnet.com.au telstra.com shaw.ca rogers.com sympatico.ca
    bluewin.ch hispeed.ch telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl home.nl telia.com mail.ee inbox.lv
    walla.co.il walla.com mynet.com chmail.ir vatanmail.ir mihanmail.ir rayana.ir iran.ir post.ir mailfa.com
"""
_PUBLIC = frozenset(_PUBLIC_TEXT.split())
# The parts before an @ that are an office, not a person (RFC 2142 and what firms write besides).
_OFFICES_TEXT = """
    info sales office contact contacts kontakt support admin administrator hello hi mail email team billing accounts
    accounting finance hr jobs career careers service services marketing press help helpdesk desk reception noreply
    no-reply webmaster postmaster enquiries enquiry inquiry inquiries orders order purchasing export invoice invoices
    secretary secretariat sekretariat buchhaltung vertrieb einkauf verwaltung contacto ventas contato commercial
    direction accueil
"""
_OFFICES = frozenset(_OFFICES_TEXT.split())
# Names that are never on the public net, kept by email-validator from its answers, yet real inside a company or a test.
_SPECIAL = (".arpa", ".invalid", ".local", ".localhost", ".onion", ".test")
_EMAIL_HINT = "Write one address such as ada@engines.example."
_INVISIBLE = (
    "\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff \t\r\n\xa0"
)


def redacted(url: str) -> str:
    """A store's address as it may be shown: a URL without its passwords, anything else as it is."""
    scheme, sign, rest = url.partition("://")
    if not sign:
        return url
    place, mark, query = rest.partition("?")
    if "@" in query and "@" not in place and ":" in place:  # a password with a question mark
        place, mark, query = rest, "", ""
    login, at, host = place.rpartition("@")
    name, colon, _ = login.partition(":")
    query = re.sub(r"(?i)((?:^|[&;])(?:ssl)?password=)[^&;]*", r"\1***", query)
    return f"{scheme}://{name}{colon and ':***'}{at}{host}{mark}{query}"


@cache
def _common_email() -> re.Pattern[str]:
    """The shape of nearly every address, lower-cased; a test holds it to what email-validator says."""
    return re.compile(r"[a-z0-9_%+&'-]+(?:\.[a-z0-9_%+&'-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z](?:[a-z0-9]*[a-z])?")


def email_key(text: str) -> str:
    """Return an e-mail address in the form that is stored and compared: lower case, its domain in ASCII.

    Takes it out of 'Ada <ada@engines.example>' and 'mailto:'. The case of the part before the @ is dropped although
    RFC 5321 lets a server tell it apart: none does, and people do not type it. Raises FieldError.
    """
    key = text.lower()
    # 64 characters keep every part within RFC 5321's lengths, so that the library has nothing to add.
    if len(key) <= 64 and key.isascii() and _common_email().fullmatch(key):
        return key
    return _email_key(text)


def _email_key(text: str) -> str:
    bare = text.strip(_INVISIBLE)
    if bare.endswith(">") and "<" in bare:
        bare = bare[bare.rindex("<") + 1 : -1].strip(_INVISIBLE)
    if bare[:7].lower() == "mailto:":
        bare = bare[7:].partition("?")[0]
    key = bare.lower()
    if len(key) <= 64 and key.isascii() and _common_email().fullmatch(key):
        return key
    local, _, domain = key.rpartition("@")
    # Half of what the library does is the domain; a file has few of them for many people.
    if len(local) <= 40 and _common_local().fullmatch(local) and (known := _checked_domain(domain)):
        return f"{local}@{known}"
    return _checked_email(bare, text)


@cache
def _common_local() -> re.Pattern[str]:
    """The shape of nearly every part before the @, as in `_common_email`."""
    return re.compile(r"[a-z0-9_%+&'-]+(?:\.[a-z0-9_%+&'-]+)*", re.ASCII)


@lru_cache(maxsize=8192)
def _checked_domain(domain: str) -> str:
    """The library's form of a domain that is not of the common shape, "" for one that it refuses or finds long."""
    if not domain or len(domain) > 60:
        return ""
    try:
        known = _checked_email(f"a@{domain}", "")[2:]
    except FieldError:
        return ""
    return known if len(known) <= 60 else ""


def _checked_email(bare: str, text: str) -> str:
    """The library's answer, for every address that is not of the common shape."""
    from unicodedata import normalize

    from email_validator import EmailNotValidError, validate_email

    # A stand-in at the end has a special-use domain checked like any other.
    stand_in = ".example" if bare.lower().endswith(_SPECIAL) else ""
    try:
        found = validate_email(bare + stand_in, check_deliverability=False)
    except EmailNotValidError as error:
        raise FieldError(f"'{clip(text.strip(), 60)}' is not an e-mail address: {error}", hint=_EMAIL_HINT) from None
    domain = found.ascii_domain.removesuffix(stand_in)
    if "." not in domain:
        raise FieldError(f"'{clip(text.strip(), 60)}' has no full domain after the @.", hint=_EMAIL_HINT)
    return f"{normalize('NFC', found.local_part.lower())}@{domain.lower()}"


def email_needles(text: str) -> tuple[str, ...]:
    """The forms in which the keys of e-mail addresses may hold an address that people look for, or a piece of one: a
    domain of other letters is in ASCII, label by label. What has no @ may be of either side of it."""
    if text.isascii():
        return (text.strip().lower(),)
    from unicodedata import normalize

    plain = normalize("NFC", text.strip(_INVISIBLE).lower())
    local, at, host = plain.rpartition("@")
    coded = f"{local}{at}{'.'.join(_ascii_label(label) for label in host.split('.'))}"
    return (coded,) if at else tuple(dict.fromkeys((plain, coded, fold(plain))))


def _ascii_label(label: str) -> str:
    """A label of a domain in ASCII; as it is where it is none."""
    import idna

    try:
        return idna.encode(label, uts46=True).decode("ascii").lower() if not label.isascii() else label
    except (idna.IDNAError, UnicodeError):
        return label


def email_domain(key: str) -> str:
    """Return the domain of an address that `email_key` made."""
    return key.rpartition("@")[2]


def is_office(email: str) -> bool:
    """Whether an address, lower-cased, is an office's, which several people read: info@, sales@."""
    return email.partition("@")[0] in _OFFICES


def is_public_domain(domain: str) -> bool:
    """Tell whether anybody may have an address there (gmail.com), so that it does not stand for a company."""
    return domain in _PUBLIC


@cache
def _international() -> re.Pattern[str]:
    """Full numbers whose length alone settles them: Iran, North America, Britain, Germany, France, India, Turkey."""
    return re.compile(
        r"\+(?:98[1-9]\d{9}|1[2-9]\d{9}|44[237]\d{9}|49[1-8]\d{9,10}|33[1-9]\d{8}|91[6-9]\d{9}|90[2-5]\d{9})"
    )


@cache
def _national(region: str) -> tuple[re.Pattern[str], int, str] | None:
    """Pattern of a region's ordinary national numbers, leading digits to drop, and the prefix to put before."""
    pattern, drop, prefix = _NATIONAL.get(region, ("", 0, ""))
    return (re.compile(pattern), drop, prefix) if pattern else None


_NATIONAL = {
    "IR": (r"0[1-9]\d{9}", 1, "+98"),
    "US": (r"[2-9]\d{9}", 0, "+1"),
    "CA": (r"[2-9]\d{9}", 0, "+1"),
    "GB": (r"0[237]\d{9}", 1, "+44"),
    "FR": (r"0[1-9]\d{8}", 1, "+33"),
    "TR": (r"0[2-5]\d{9}", 1, "+90"),
}
_PUNCTUATION = str.maketrans("", "", " ()-.")
_MARKS = dict.fromkeys(map(ord, _INVISIBLE.replace(" ", "")))
SHORTEST_NATIONAL = 7


def phone_key(text: str, region: str) -> str:
    """Return the E.164 form of a number, without extension, or '' where it cannot be read.

    `region` (ISO 3166, 'IR') is where numbers without +... or 00... are from; '' for nowhere. A number counts when its
    length is possible there, not only when its area code is assigned today: numbering plans change, fictitious numbers
    are used in examples, and what is compared need only be the same for both sides. Local numbers without an area
    code, and national ones under 7 digits (switchboard extensions, short codes), say nothing and have no key.
    """
    compact = text.translate(_PUNCTUATION)
    if compact.isascii():
        if compact.startswith("+"):
            if _international().fullmatch(compact):
                return compact
        elif (national := _national(region)) and national[0].fullmatch(compact):
            return national[2] + compact[national[1] :]
    return _library_key(digits(text).translate(_MARKS), region.upper())


def _library_key(text: str, region: str) -> str:
    """E.164 by the library, first as a number of the region, then with 00 for the + of a full number."""
    if not any(char.isdigit() for char in text):
        return ""
    from phonenumbers import (
        NumberParseException,
        PhoneNumberFormat,
        ValidationResult,
        format_number,
        is_possible_number_with_reason,
        parse,
    )

    bare = text.strip()
    readings = [(bare, region or None)]
    if bare.startswith("00"):
        readings.append(("+" + bare[2:], None))
    for reading, reading_region in readings:
        try:
            number = parse(reading, reading_region)
        except NumberParseException:
            continue
        if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
            continue
        national = "+" not in reading and not reading.startswith("00") and "＋" not in reading
        if national and len(str(number.national_number)) < SHORTEST_NATIONAL:
            continue
        key = format_number(number, PhoneNumberFormat.E164)
        if not number.national_number or (number.italian_leading_zero and parse(key) != number):
            continue  # zeros alone, or more in front than its region writes: what stands where somebody had no number
        return key
    return ""


_HOST_LABELS = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"


def domain_of(url_or_email: str) -> str:
    """Return the domain of a web or e-mail address, 'engines.example': lower case, ASCII, without www.; '' if none.

    An IP address or a bare host name has no domain.
    """
    rest = url_or_email.strip(_INVISIBLE)
    rest = re.sub(r"^(?:[A-Za-z][A-Za-z0-9+.-]*://|mailto:|//)", "", rest)
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":\d*$", "", host).rstrip(".").lower()
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError):
            return ""
    host = host.removeprefix("www.") if host.count(".") > 1 else host
    if len(host) > 253 or host.rpartition(".")[2].isdigit() or not re.fullmatch(_HOST_LABELS, host):
        return ""
    return host


def company_domain(website: str | None, email: str | None) -> str | None:
    """Return the domain that a company is known by: its website's, else its e-mail's unless a public provider's."""
    domain = domain_of(website) if website else ""
    if not domain and email:
        domain = email_domain(email)
        return domain if domain and not is_public_domain(domain) else None
    return domain or None


def followed_domain(company: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the domain that changes of a company's website or e-mail address bring with them, by column: one that was
    taken from the old ones follows, one that was set by hand stays."""
    if "domain" in changes or not {"website", "email"} & changes.keys():
        return {}
    before = company_domain(company.get("website"), company.get("email"))
    after = company_domain(*(changes.get(name, company.get(name)) for name in ("website", "email")))
    return {"domain": after} if company.get("domain") == before != after else {}


def check_url(text: str) -> str:
    """Return a web address as it was typed, trimmed: http(s)://... or a bare domain with what follows it.

    Raises FieldError for spaces, invisible characters, other schemes (javascript:, ftp:) and what has no host.
    """
    url = text.strip()
    hint = "Write https://engines.example or engines.example/about."
    shown = clip(url, 60)
    if not url or re.search(r"[\s\x00-\x20\x7f-\xa0<>\"\\^`{|}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", url):
        raise FieldError(f"'{shown}' is not a web address: it has a space or a sign that none has.", hint=hint)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d+(?:[/?#]|$))", url)
    if not scheme:
        if not domain_of("http://" + url) or "@" in re.split(r"[/?#]", url, maxsplit=1)[0]:
            raise FieldError(f"'{shown}' is not a web address.", hint=hint)
        return url
    if scheme[1].lower() not in ("http", "https") or url[scheme.end() : scheme.end() + 2] != "//":
        raise FieldError(f"'{shown}' is not a web address: only http and https are.", hint=hint)
    host = re.split(r"[/?#]", url[scheme.end() + 2 :], maxsplit=1)[0].rpartition("@")[2]
    if not re.fullmatch(r"(?:[^\s:\[\]@]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", host):
        raise FieldError(f"'{shown}' has no host after {scheme[1]}://.", hint=hint)
    return url
