"""Addresses: the short ways must say what the libraries say."""

from __future__ import annotations

import json
from pathlib import Path

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from crmcli.domain import address
from crmcli.domain.address import (
    check_url,
    company_domain,
    domain_of,
    email_domain,
    email_key,
    is_public_domain,
    phone_key,
)
from crmcli.errors import FieldError

SHARED = Path(__file__).parents[3] / "shared" / "data"
SPECIAL = (".arpa", ".invalid", ".local", ".localhost", ".onion", ".test")
DOMAINS = st.lists(st.text("abxz09-", min_size=1, max_size=6), min_size=1, max_size=3).map(".".join)
ENDS = st.sampled_from(["com", "example", "test", "LOCAL", "onion", "c", "a1b", "1a", "co-uk"])
WORDS = st.text("abzAZ059.-_+%&'", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("ada@engines.example", "ada@engines.example"),
        ("  Ada.LOVELACE@Engines.Example\n", "ada.lovelace@engines.example"),
        ("Ada Lovelace <ADA@engines.example>", "ada@engines.example"),
        ('"Lovelace, Ada" <ada@engines.example>', "ada@engines.example"),
        ("<ada@engines.example>", "ada@engines.example"),
        ("mailto:ada@engines.example?subject=Hi", "ada@engines.example"),
        ("\u200eada@engines.example\u200f", "ada@engines.example"),
        ("a@x.test", "a@x.test"),
        ("a@corp.local", "a@corp.local"),
        ("a@خانه.local", "a@xn--mgbn7ee.local"),
        ("o'brien+crm@x.co.uk", "o'brien+crm@x.co.uk"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("Ünal@x.example", "ünal@x.example"),
        ("{x}@x.example", "{x}@x.example"),
        ("a" * 64 + "@x.example", "a" * 64 + "@x.example"),
    ],
)
def test_email_key(typed: str, key: str) -> None:
    assert email_key(typed) == key
    assert email_key(key) == key


@pytest.mark.parametrize(
    "typed",
    [
        "", "ada", "ada@", "@x.com", "a@b", "a@localhost", "a b@x.com", "a@@x.com", "a@x..com", ".a@x.com",
        "a.@x.com",
        "a@-x.com", "a@x-.com", "a@1.2.3.4", "a@[1.2.3.4]", "a@xn--y.com", "a@x_y.com", "a@b.com, c@d.com",
        "a@b.com;",
        "a@b.com\0", "a@b.com\nBcc: x@y.com", "\ud800@x.com", "Ada <>", "a" * 250 + "@x.com",
        "a@" + "x" * 64 + ".com",
    ],
)  # fmt: skip
def test_email_key_refuses(typed: str) -> None:
    with pytest.raises(FieldError) as caught:
        email_key(typed)
    assert caught.value.hint


def by_the_library(text: str) -> str | None:
    """What email-validator makes of an address, special-use names read as any other; None where it refuses."""
    stand_in = ".example" if text.lower().endswith(SPECIAL) else ""
    try:
        found = validate_email(text + stand_in, check_deliverability=False)
    except EmailNotValidError:
        return None
    return f"{found.local_part}@{found.ascii_domain.removesuffix(stand_in)}".lower()


@pytest.mark.parametrize("text", ["a@xn--ab.com", "a@ab--cd.com", "a@b.c1", "a..b@c.de", "a@-b.de", "a@b", "a@b_c.de"])
def test_the_short_way_leaves_what_needs_thought_to_the_library(text: str) -> None:
    assert not address._common_email().fullmatch(text)


@given(st.builds("{}@{}.{}".format, WORDS, DOMAINS, ENDS))
@settings(suppress_health_check=[HealthCheck.filter_too_much])
@example("a@b-c.d")
@example("a@b.c")
@example("a@b.test")
@example("\u212a@x.com")
def test_the_short_way_for_emails_agrees_with_the_library(text: str) -> None:
    key = text.lower()
    assume(len(key) <= 64 and key.isascii() and address._common_email().fullmatch(key))
    assert by_the_library(text) == email_key(text) == key


@given(
    st.from_regex(r"[a-zA-Z0-9_%+&'.-]{1,45}", fullmatch=True),
    st.text(st.sampled_from("aüßصیو字-.1Iıİ\u200c\u0301"), max_size=20) | DOMAINS,
    st.sampled_from(["example", "test", "de", "рф", "xn--p1ai", "ایران", ""]),
)
@example("a", "b\u00fccher-karapu", "example")
@example("A.B", "\u0301x", "example")
@example("a", "xn--a", "example")
def test_the_way_by_known_domains_agrees_with_the_library(local: str, name: str, end: str) -> None:
    text = f"{local}@{name}.{end}"
    try:
        wanted = address._checked_email(text, text)
    except FieldError:
        wanted = ""
    for _ in range(2):  # found out, then remembered
        try:
            assert email_key(text) == wanted
        except FieldError:
            assert wanted == ""


@given(st.text() | st.builds("{}@{}.{}".format, st.text(max_size=9), DOMAINS, ENDS))
def test_email_key_gives_a_stable_key_or_a_field_error(text: str) -> None:
    try:
        key = email_key(text)
    except FieldError:
        return
    assert email_key(key) == key


def test_domains() -> None:
    assert email_domain("ada@engines.example") == "engines.example"
    assert is_public_domain("gmail.com")
    assert is_public_domain("chmail.ir")
    assert not is_public_domain("engines.example")


@pytest.mark.parametrize(
    ("typed", "region", "key"),
    [
        ("0912 123 4567", "IR", "+989121234567"), ("۰۹۱۲۱۲۳۴۵۶۷", "IR", "+989121234567"),
        ("٠٩١٢١٢٣٤٥٦٧", "IR", "+989121234567"), ("\u200e0912-123-4567\u202c", "IR", "+989121234567"),
        ("021 8888 7777", "IR", "+982188887777"), ("+98 21 8888 7777", "", "+982188887777"),
        ("+98 0912 123 4567", "", "+989121234567"), ("9121234567", "IR", "+989121234567"),
        ("tel:+98-21-8888-7777;ext=12", "", "+982188887777"), ("021-88887777 ext. 12", "IR", "+982188887777"),
        ("0049 30 123456", "", "+4930123456"), ("00982188887777", "IR", "+982188887777"),
        ("00982188887777", "US", "+982188887777"), ("0011 49 30 123456", "AU", "+4930123456"),
        ("(555) 010-9999", "US", "+15550109999"), ("1-555-010-9999", "US", "+15550109999"),
        ("1-800-FLOWERS", "US", "+18003569377"), ("+44 (0)20 7946 0958", "", "+442079460958"),
        ("020 7946 0958", "gb", "+442079460958"), ("+39 06 1234567", "", "+39061234567"),
        ("+683 4000", "", "+6834000"),
        ("8888 7777", "IR", ""), ("5550109", "US", ""), ("12345", "IR", ""), ("911", "US", ""),
        ("0912 123 4567", "", ""),
        ("", "IR", ""), ("none", "US", ""), ("+", "IR", ""), ("0" * 40, "IR", ""),
        ("+98912", "IR", ""), ("\ud800", "US", ""),
    ],
)  # fmt: skip
def test_phone_key(typed: str, region: str, key: str) -> None:
    assert phone_key(typed, region) == key


PIECES = st.sampled_from(["+98", "+1", "+44", "+49", "+33", "+91", "+90", "0", "00", "1", "98", "9", "(0)", ""])
NUMBERS = st.text("0123456789 ().-", max_size=20)
REGIONS = st.sampled_from(["", "IR", "US", "CA", "GB", "DE", "FR", "TR", "IT"])


@st.composite
def full_numbers(draw: st.DrawFn) -> str:
    """Numbers of about the right length, with punctuation anywhere."""
    figures = draw(PIECES) + str(draw(st.integers(10**7, 10**12)))
    return "".join(figure + draw(st.sampled_from(["", "", "", "", " ", "-", ".", ") ", " ("])) for figure in figures)


@given(st.builds("{}{}".format, PIECES, NUMBERS) | full_numbers() | st.text("+0123456789 ().-", max_size=18), REGIONS)
@example("+4418002012345", "GB")
@example("0(912)1234567", "IR")
@example("(+98 912 123 4567", "")
def test_the_short_ways_for_phones_agree_with_the_library(text: str, region: str) -> None:
    assert phone_key(text, region) == address._library_key(text, region)


@pytest.mark.parametrize(
    ("lead", "length"), [("98", 10), ("1", 10), ("44", 10), ("49", 10), ("49", 11), ("33", 9), ("91", 10), ("90", 10)]
)
def test_every_start_of_a_short_way_agrees_with_the_library(lead: str, length: int) -> None:
    taken = 0
    for start in range(1000):
        text = f"+{lead}{start:03}" + "5550123456"[: length - 3]
        if address._international().fullmatch(text):
            taken += 1
            number = phonenumbers.parse(text, None)
            assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == text
            assert phonenumbers.is_possible_number(number)
    assert taken >= 300


@pytest.mark.parametrize("text", ["000000", "00000000000", "+98000000", "+49 00 0000000"])
@pytest.mark.parametrize("region", ["IR", "DE", ""])
def test_a_number_with_zeros_that_no_region_has_is_none(text: str, region: str) -> None:
    assert phone_key(text, region) == ""


@given(st.text() | st.text("000012+ "), REGIONS)
def test_phone_key_is_e164_or_empty(text: str, region: str) -> None:
    key = phone_key(text, region)
    assert not key or (key[0] == "+" and key[1:].isdigit() and key.isascii() and phone_key(key, "") == key)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared sample data is not beside the project")
def test_every_persian_phone_number_has_a_key() -> None:
    people = json.loads((SHARED / "derived" / "persian_contacts_truth.json").read_text("utf-8"))
    phones = [value for person in people for name, value in person.items() if "phone" in name.lower() or "تلفن" in name]
    assert len(phones) >= 300
    assert [phone for phone in phones if not phone_key(str(phone), "IR").startswith("+98")] == []


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Engines.example:8080/x?y#z", "engines.example"), ("ada@engines.example", "engines.example"),
        ("mailto:ada@engines.example", "engines.example"), ("engines.example", "engines.example"),
        ("WWW.engines.example/", "engines.example"), ("http://user:pw@a.b.co/", "a.b.co"), ("//x.ir/y", "x.ir"),
        ("https://Bücher.de/a", "xn--bcher-kva.de"), ("engines.example.", "engines.example"), ("www.com", "www.com"),
        ("localhost", ""), ("http://10.0.0.1/", ""), ("http://[::1]/", ""), ("not a domain", ""), ("", ""),
        ("a_b.com", ""),
        ("\ud800.com", ""), ("-a.com", ""),
    ],
)  # fmt: skip
def test_domain_of(text: str, domain: str) -> None:
    assert domain_of(text) == domain


@pytest.mark.parametrize(
    ("website", "email", "domain"),
    [
        ("https://www.engines.example/a", "ada@other.example", "engines.example"),
        (None, "ada@engines.example", "engines.example"), ("", "ada@gmail.com", None), (None, None, None),
        ("http://localhost:8080", None, None), ("http://[::1]/", "ada@engines.example", "engines.example"),
    ],
)  # fmt: skip
def test_a_company_is_known_by_its_website_else_by_its_email(
    website: str | None, email: str | None, domain: str | None
) -> None:
    assert company_domain(website, email) == domain


@pytest.mark.parametrize(
    "url",
    [
        "https://x/?a=1", "http://engines.example/a(b)c", "engines.example", "engines.example:8080/x",
        "HTTPS://X.com",
        "x.com/a@b", "http://[::1]:80/", "https://bücher.de/ü", "http://u:p@x.com/", "https://خانه.ir/تماس",
    ],
)  # fmt: skip
def test_check_url(url: str) -> None:
    assert check_url(f" {url}\n") == url


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://x.com", "javascript:alert(1)", "JavaScript://x.com/%0aalert(1)", "data:text/html,x",
        "mailto:a@b.co",
        "a@b.co", "http://", "http:///x", "http:x.com", "http://a b", "http://x.com/\x1b[2J",
        "http://x.com/\u202egnp",
        "http://x.com/\nb", 'http://x.com/"onload=', "http://x.com:99999999/", "file:///etc/passwd", "C:\\x",
    ],
)  # fmt: skip
def test_check_url_refuses(url: str) -> None:
    with pytest.raises(FieldError):
        check_url(url)


@given(st.text())
def test_urls_and_domains_never_fail_otherwise(text: str) -> None:
    domain = domain_of(text)
    assert domain_of(domain) == domain or domain.startswith("www.")
    try:
        assert check_url(text) == text.strip()
    except FieldError:
        pass
