"""Accounts: registering with an address that is checked, signing in, one's own profile, languages."""

import re
from collections.abc import Callable

from filmclub import app
from segue.testing import Client, captured_mails

SignIn = Callable[..., Client]


def test_somebody_registers_and_signs_in(client: Client) -> None:
    with captured_mails(app) as mails:
        sent = {"email": "ada@example.com", "name": "ada", "password": "nuages over the seine"}
        assert client.post("/register", data=sent).status == 200
        link = re.search(r"https?://[^/]+(/confirm/\S+)", mails.wait_for(1).last.text)
    assert link is not None
    refused = client.post("/login", data={"login": "ada", "password": sent["password"]})
    assert refused.status == 422
    assert client.get(link[1]).status == 200
    client.post(link[1])
    done = client.post("/login", data={"login": "ada", "password": sent["password"]}, follow_redirects=False)
    assert done.status == 303
    assert 'href="/members/ada"' in client.get("/").text
    assert "passkey" in client.get("/account").text


def test_a_profile_is_for_everybody_but_the_address_is_not(sign_in: SignIn, client: Client) -> None:
    ada = sign_in("ada")
    assert (
        ada.post(
            "/profile", data={"about": "I like <b>rain</b>.", "language": ""}, follow_redirects=False
        ).status
        == 303
    )
    page = client.get("/members/ada").text
    assert "I like &lt;b&gt;rain&lt;/b&gt;." in page
    assert "example.com" not in page
    assert client.get("/members/nobody").status == 404


def test_the_language_is_that_of_the_path_of_the_member_or_of_the_browser(
    sign_in: SignIn, client: Client
) -> None:
    assert "Titel oder Regie" in client.get("/de/").text
    assert "Titre ou réalisateur" in client.get("/", headers={"accept-language": "fr"}).text
    ada = sign_in("ada")
    ada.post("/profile", data={"about": "", "language": "de"})
    assert 'lang="de"' in ada.get("/").text
    assert 'lang="fr"' in ada.get("/fr/").text
    assert client.get("/de/").headers["content-language"] == "de"
