"""Addresses that people type and servers write."""

from __future__ import annotations

import string
from urllib.parse import unquote_to_bytes

import pytest
from crm_dav import addresses
from crm_dav.addresses import Origin
from crm_dav.errors import AnswerError, ElsewhereError
from hypothesis import given
from hypothesis import strategies as st

ORIGIN = Origin("https", "dav.example.org", 443)


@pytest.mark.parametrize(
    ("text", "origin", "path"),
    [
        ("dav.example.org", "https://dav.example.org", "/"),
        (" https://DAV.example.org:443/ada ", "https://dav.example.org", "/ada"),
        ("https://dav.example.org:8443//ada/./x/../cal/", "https://dav.example.org:8443", "/ada/cal/"),
        ("http://localhost:5232/", "http://localhost:5232", "/"),
        ("http://[::1]:5232/", "http://[::1]:5232", "/"),
        ("https://müller.example/é?x=1#y", "https://xn--mller-kva.example", "/%C3%A9"),
    ],
)
def test_what_people_type(text: str, origin: str, path: str) -> None:
    server, href = addresses.account(text, allow_http=False)
    assert (str(server), href) == (origin, path)


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("", "/"),
        ("/a%2fb", "/a%2Fb"),
        ("/%61%40%7e", "/a@~"),
        ("/a+b;c", "/a%2Bb%3Bc"),
        ("/a/%2e%2E/b", "/b"),
        ("/../../b/", "/b/"),
        ("/a/.", "/a/"),
        ("/%zz%", "/%25zz%25"),
        ("/\x00", "/%00"),
    ],
)
def test_the_one_form_of_a_path(path: str, same: str) -> None:
    assert addresses.normal(path) == same


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_path_in_its_form_stays_as_it_is(text: str) -> None:
    once = addresses.normal("/" + text)
    assert addresses.normal(once) == once
    assert set(once) <= set(string.ascii_letters + string.digits + "-._~@:/%")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda s: s not in (".", ".."))))
def test_names_keep_apart(names: list[str]) -> None:
    hrefs = {addresses.normal("/cal/") + addresses.quoted(name) for name in names}
    assert len(hrefs) == len(set(names))
    assert {unquote_to_bytes(href.removeprefix("/cal/")).decode() for href in hrefs} == set(names)
    assert all(addresses.normal(href) == href for href in hrefs)


@pytest.mark.parametrize(
    "text", ["//other.example/x", "https://other.example/", "https://dav.example.org.evil/", "http://["]
)
def test_no_href_leads_to_another_host(text: str) -> None:
    with pytest.raises(AnswerError):
        addresses.href(ORIGIN, "/ada/", text)


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("http://dav.example.org:8080/ada/x", "/ada/x"),
        ("x", "/ada/x"),
        ("../x/", "/x/"),
        (" /x ", "/x"),
        ("?q", "/ada/"),
    ],
)
def test_hrefs_are_paths_on_the_server(text: str, href: str) -> None:
    assert addresses.href(ORIGIN, "/ada/", text) == href


def test_a_redirect_may_go_up_to_tls_and_not_down() -> None:
    plain = Origin("http", "dav.example.org", 80)
    assert addresses.redirected(plain, "/", "https://dav.example.org/x") == (ORIGIN, "/x")
    for origin, location in ((ORIGIN, "http://dav.example.org/"), (ORIGIN, "https://dav.example.org:444/")):
        with pytest.raises(ElsewhereError):
            addresses.redirected(origin, "/", location)


@pytest.mark.parametrize(
    "uid", ["019abc-77", "ada@example.org", "a b", "../../etc", "", "x" * 300, "ü", ".hidden", "\ud800"]
)
def test_names_for_new_items(uid: str) -> None:
    name = addresses.file_name(uid, "ics")
    assert name.endswith(".ics")
    assert addresses.quoted(name) == name
    assert len(name) < 120
    assert not name.startswith(".")
    assert name == addresses.file_name(uid, "ics")
    assert name != addresses.file_name(uid + "x", "ics")
