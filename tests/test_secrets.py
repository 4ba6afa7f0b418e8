"""Secrets are found by kind; what only looks like one is let pass. Every secret here is invented, and put together when the test runs."""

import base64
import importlib
import json
import random
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.errors import OptionalDependencyError
from rpo_edge.importers import secrets
from rpo_edge.importers.secrets import plain_secrets_in, secrets_in

pytest.importorskip("detect_secrets")

from training import data

ROOT = Path(__file__).resolve().parents[1]
LETTERS, LOWER, HEX, UPPER = string.ascii_letters + string.digits, string.ascii_lowercase + string.digits, "0123456789abcdef", string.ascii_uppercase + string.digits  # fmt: skip


def made(alphabet: str, length: int) -> str:
    """Characters drawn anew for each place, the same in every run: a key that nobody has."""
    return "".join(random.Random(f"{alphabet}{length}").choices(alphabet, k=length))


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def card(front: str, length: int) -> str:
    """A number that passes Luhn's check."""
    body = (front + made("0123456789", length))[: length - 1]
    return next(body + digit for digit in "0123456789" if secrets._luhn(body + digit))


FEW = next(number for number in (f"51{n:014d}" for n in range(10**6)) if secrets._luhn(number) and set(number) <= set("01578"))


def grouped(number: str, separator: str) -> str:
    return separator.join(number[i : i + 4] for i in range(0, len(number), 4))


KEY = made(LETTERS, 64)
DASHES = "-" * 5
VISA = card("4", 16)

# kind, text that has it, text that almost has it
CASES = [
    ("Artifactory Credentials", "use AKC" + made(LETTERS, 12) + " there", "use AKCENT there"),
    ("AWS Access Key", "AK" + "IA" + made(UPPER, 16), "AK" + "IA" + made(UPPER, 15)),
    ("AWS Access Key", f'AWS_secret_key = "{made(LETTERS, 40)}"', f'AWS_secret_key = "{made(LETTERS, 39)} "'),
    ("Azure Storage Account access key", "Account" + "Key=" + made(LETTERS, 88), "Account" + "Key=" + made(LETTERS, 87)),
    ("Cloudant Credentials", "cloudant_password = " + made(HEX, 64), "cloudant_password = " + made(HEX, 22)),
    ("Discord Bot Token", f"M{made(LETTERS, 23)}.{made(LETTERS, 6)}.{made(LETTERS, 27)}", f"M{made(LETTERS, 23)}.{made(LETTERS, 5)}.a"),
    ("GitHub Token", "gh" + "p_" + made(LETTERS, 36), "gh" + "p_" + made(LETTERS, 35)),
    ("GitLab Token", "gl" + "pat-" + made(LETTERS, 20), "gl" + "pat-" + made(LETTERS, 19)),
    ("IBM Cloud IAM Key", "ibm_api_key: " + made(LETTERS, 44), "ibm_api_key: " + made(LETTERS, 43)),
    ("IBM COS HMAC Credentials", "cos_secret_access_key=" + made(HEX, 48), "cos_secret_access_key=" + made(HEX, 47)),
    ("JSON Web Token", f"{encoded({'alg': 'none'})}.{encoded({'sub': 'x'})}.{made(LETTERS, 24)}", f"ey{'J'}{made(LETTERS, 30)}.{made(LETTERS, 8)}"),
    ("Secret Keyword", f'db_password = "{made(LETTERS, 9)}"', 'db_password = "<password>"'),
    ("Secret Keyword", f'"client_secret" => "{made(LETTERS, 9)}"', '"secret" => "the butter is browned first"'),
    ("Mailchimp Access Key", made(HEX, 32) + "-us7", made(HEX, 31) + "-us7"),
    ("NPM tokens", "//registry.invalid/:_authToken=np" + "m_" + made(LETTERS, 36), "//registry.invalid/:_authToken=${NPM_TOKEN}"),
    ("OpenAI Token", f"sk-{made(LETTERS, 20)}T3Blbk{'FJ'}{made(LETTERS, 20)}", f"sk-{made(LETTERS, 19)}T3Blbk{'FJ'}{made(LETTERS, 20)}"),
    ("PyPI Token", "pypi-AgEIcHlwaS5" + "vcmc" + made(LETTERS, 80), "pypi-AgEIcHlwaS5" + "vcmc" + made(LETTERS, 60)),
    ("SendGrid API Key", f"SG.{made(LETTERS, 22)}.{made(LETTERS, 43)}", f"SG.{made(LETTERS, 21)}.{made(LETTERS, 43)}"),
    ("Slack Token", "xo" + "xb-" + "123-" + made(LOWER, 12), "xo" + "xb-abc"),
    ("SoftLayer Credentials", "softlayer_api_key: " + made(LOWER, 64), "softlayer_api_key: " + made(LOWER, 43)),
    ("Square OAuth Secret", "sq0" + "csp-" + made(LETTERS, 43), "sq0" + "csp-" + made(LETTERS, 42)),
    ("Stripe Access Key", "sk_" + "live_" + made(LETTERS, 24), "sk_" + "test_" + made(LETTERS, 24)),
    ("Telegram Bot Token", "123456789:" + made(LETTERS, 35), "1234567:" + made(LETTERS, 35)),
    ("Twilio API Key", "S" + "K" + made(HEX, 32), "S" + "K" + made(HEX, 31)),
    ("access token", "github_" + "pat_" + made(LETTERS, 60), "github_" + "pat_something"),
    ("access token", "AI" + "za" + made(LETTERS, 35), "AI" + "za" + made(LETTERS, 34)),
    ("access token", "sk-" + "ant-" + made(LETTERS, 40), "sk-" + "ant-" + "hill"),
    ("access token", "sk-" + "proj-" + made(LETTERS, 48), "task-" + "proj-" + made(LETTERS, 48)),
    ("access token", "h" + "f_" + made(string.ascii_letters, 34), "h" + "f_hub"),
    ("access token", "ya" + "29." + made(LETTERS, 60), "ya" + "29.5"),
    ("card number", f"My card is {VISA}.", f"My card is {int(VISA) + 1}."),
    ("card number", f"It says {grouped(VISA, ' ')}, exp 05/29", f"It says {grouped(VISA, ' ')[:-1]}, exp 05/29"),
    ("card number", grouped(VISA, "-"), f"{grouped(VISA, '-')}-1234"),
    ("card number", grouped(VISA, "\u00a0"), grouped(VISA, "  ")),
    ("card number", card("34", 15), card("34", 16)),
    ("card number", "{} {} {}".format(*re.fullmatch(r"(....)(......)(.....)", card("37", 15)).groups()), card("33", 15)),
    ("card number", card("5105", 16), card("5605", 16)),
    ("card number", FEW, FEW[:-1]),
    ("card number", card("2221", 16), card("2220", 16)),
    ("card number", card("36", 14), card("306", 14)),
    ("card number", card("6011", 16), card("6012", 16)),
    ("card number", card("3528", 16), card("3527", 16)),
    ("card number", card("62", 19), card("62", 15)),
    ("card number", f"({VISA})", f"https://site.invalid/status/{VISA}"),
    ("card number", f"{VISA}\n", f"id_{VISA}"),
    ("password", "password: " + "kXq9vTr2", "password: required"),
    ("password", "Password for the wifi: " + "brown7cow", "Password for the wifi: see the fridge"),
    ("password", "My passcode is 4821.", "A passcode is 4821 bits too short"),
    ("password", "my password is " + "Tr0ub4dor, keep it", "my password is too short, keep it"),
    ("password", "The password was " + "p@sstime then", "The password was case-sensitive then"),
    ("password", "pwd = " + "sunflower", "pwd = getpass()"),
    ("password", "user: ann\npassword:\n" + "sunflower\n", "user: ann\npassword:\n\nsunflower"),
    ("password", "**Password:** `" + "moon4light`", "**Password:** `your_password`"),
    ("password", "Passwort ist " + "blume77", "Passwort ist falsch"),
    ("password", "contraseña: " + "girasol", "contraseña: ****"),
    ("password", "password: " + "sunflower.", "password: sunflower seeds in a bowl"),
    ("password", "the password is " + "77qq88", "the password is sha256-hashed"),
    ("password in an address", "postgres://ann:" + "w1nter@db.invalid/x", "postgres://ann:password@db.invalid/x"),
    ("password in an address", "redis://:" + "w1nter@localhost", "http://site.invalid:8080/a@b"),
    ("password in an address", "see https://ann:" + "kXq9@site.invalid", "see https://ann@site.invalid: ok@"),
    ("private key", f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n{KEY}\n", f"a file with {DASHES}BEGIN PRIVATE KEY{DASHES} in it"),
    ("private key", f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}\\n{KEY}", f"{DASHES}BEGIN RSA PUBLIC KEY{DASHES}\n{KEY}"),
    ("private key", f"> {DASHES}BEGIN ENCRYPTED PRIVATE KEY{DASHES}\n> {KEY}\n", f"{DASHES}BEGIN CERTIFICATE{DASHES}\n{KEY}\n"),
    ("private key", f"{DASHES}BEGIN PGP PRIVATE KEY BLOCK{DASHES}\nVersion: 1\n\n{KEY}\n", f"{DASHES}BEGIN PGP MESSAGE{DASHES}\n\n{KEY}\n"),
    ("private key", f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}\nProc-Type: 4\nDEK-Info: X\n\n{KEY}", f"{DASHES}BEGIN PRIVATE KEY{DASHES}\nNote: no key."),
    ("private key", "PuTTY-User-" + "Key-File-3: ssh-ed25519", "PuTTY user key files"),
    ("private key", "AGE-SECRET-" + "KEY-1" + made(UPPER, 58), "AGE-SECRET-" + "KEY-1"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "secret"), [case[:2] for case in CASES])
def test_a_secret_is_found_by_its_kind_alone_and_amid_other_lines(kind, secret):
    assert kind in secrets_in(secret)
    assert kind in secrets_in(f"Dear Ann,\nI did as you said.\n{secret}\nYours, Bob")


@pytest.mark.parametrize(
    "text", ["DE89 3704 0044 0532 0130 00", "pw: hunter22", "My password is swordfish.", "Pay by 4111 1111 1111 1111."]
)
def test_what_the_docs_say_is_not_found_is_not_found(text):
    """Whoever finds it says so in docs/history.md and in the module's docstring."""
    assert secrets_in(text) == []


@pytest.mark.parametrize(("kind", "miss"), [(case[0], case[2]) for case in CASES])
def test_what_is_almost_one_is_none(kind, miss):
    assert kind not in secrets_in(miss)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The secret of a good soup is patience. My key point: pass the token to the API.",
        "I forgot my password again: the reset mail never came.",
        "Password: see above. The password is in the safe, and the password was changed.",
        "Call 555-0100 or +44 20 7946 0018; order 2024-0001-0002-0003; ISBN 978-0-306-40615-7.",
        "Between 1234 5678 and 2345 6789 we counted 4111 1112 1113 1114 sheep.",
        "at 1.2.3.4, in version 10.20.30.40, commit 9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a",
        "password = params[:password], token = os.environ['TOKEN'], api_key: ${API_KEY}",
        "uuid 4f9d2c1e-1111-4222-8333-444455556666, 0000 0000 0000 0000, " + "4" * 16,
    ],
)
def test_prose_and_placeholders_have_none(text):
    assert secrets_in(text) == []


def test_the_secret_itself_is_never_told():
    assert secrets_in(f"password: kXq9vTr2, card {VISA}\nand {VISA}") == ["card number", "password"]


def test_every_detector_has_a_case_and_is_there():
    kinds = {detector.secret_type for _, detector in secrets._detectors()} | {rule.kind for rule in secrets._OWN}
    assert kinds == {case[0] for case in CASES} and len(secrets._PLUGINS) == 22


def slowly(line: str) -> set[str]:
    """Every detector on a line, whatever it needs."""
    return {detector.secret_type for plugin, detector in secrets._detectors() if secrets._finds(plugin, detector, line)}


PIECES = [part for case in CASES for text in case[1:] for part in re.split(r"(\W)", text.splitlines()[0] if text else "") if part]
ODD = ["K", "ſ", "İ", "ı", "ß", "PASSWORD", "Secret", "API_KEY", ":", "=", '"', "'", " ", "=> ", ";"]


@given(st.lists(st.sampled_from(ODD) | st.sampled_from(PIECES), max_size=12).map("".join))
def test_asking_first_what_a_detector_needs_changes_nothing(line):
    assert set(secrets._known_in(line)) == slowly(line)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_cases_in_capitals_give_the_same_quick_or_slow(case):
    for text in (*case[1:], *(part.upper().replace("K", "K").replace("S", "ſ") for part in case[1:])):
        for line in text.splitlines():
            assert set(secrets._known_in(line)) == slowly(line)


def test_a_letter_that_a_pattern_takes_whatever_its_case_has_the_same_folded_case():
    everything = "".join(chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF)
    for letter in sorted(set("".join(need for plugin in secrets._PLUGINS for need in plugin.needs if need != "hooks.slack"))):
        assert all(found.casefold() == letter for found in re.findall(re.escape(letter), everything, re.IGNORECASE)), letter
    assert "i" not in "".join(need for plugin in secrets._PLUGINS for need in plugin.needs)


@pytest.mark.parametrize(
    "hard", ["password", "eyJ", 'secret"', "4111 ", "password: ", "a://b:", DASHES + "BEGIN PRIVATE KEY", "//x/:_authToken="]
)
def test_no_text_takes_long(hard, within):
    secrets_in("the rules are read")
    with within(20):
        secrets_in(hard * (60_000 // len(hard)))


def test_a_secret_far_into_a_long_line_is_found():
    token = "gh" + "p_" + made(LETTERS, 36)
    for before in (0, 7_990, 11_970, 30_000):
        assert secrets_in("x " * (before // 2) + token + " y" * 9_000) == ["GitHub Token"]


@pytest.mark.skipif(not data.available(), reason="no research data")
def test_real_texts_are_not_called_secret_and_are_checked_quickly(within):
    """The full count, over all 50,224 training texts of the five groups, was 0; here the first of each."""
    texts = [row["text"] for group in data.HISTORIES for _, row in zip(range(400), data.rows(f"histories/{group}", "train"), strict=False)]
    secrets_in("the rules are read")
    with within(len(texts) / 500):  # usual: 6,000 texts a second
        found = [text for text in texts if secrets_in(text)]
    assert len(texts) == 2000 and found == []


WATCHED = """
import sys
sys.addaudithook(lambda event, arguments: print("forbidden:", event) if event.startswith("socket.") else None)
"""


def in_a_child(code: str) -> str:
    return subprocess.run([sys.executable, "-c", WATCHED + code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60).stdout


def test_no_socket_is_opened_for_it():
    code = "from rpo_edge.importers.secrets import secrets_in; secrets_in('password = \"kXq9vTr2\"')"
    assert "forbidden" not in in_a_child(code)
    looks = "import urllib3.util.connection as c, socket; assert c.HAS_IPV6 == socket.has_ipv6"
    assert "forbidden" not in in_a_child(f"{code}\n{looks}")


def test_the_socket_would_have_been_seen():
    assert "forbidden" in in_a_child("import socket; socket.socket().close()")


def test_a_text_that_is_added_alone_is_looked_at_too(run, tmp_path):
    at, secret = tmp_path / "h.db", "the password is " + made(LETTERS, 12)
    for arguments, piped in (([secret], b""), ([], secret.encode())):
        code, out, err = run("history", "add", *arguments, stdin=piped, at=at)
        assert (code, out) == (2, b"") and b"with a secret (password)" in err and not at.exists()
    assert run("history", "add", "I forgot my password again.", at=at)[:2] == (0, b"1\n")
    assert run("history", "add", secret, "--keep-secrets", at=at)[:2] == (0, b"2\n")
    assert run("history", "show", "2", at=at)[1].decode().strip() == secret


def test_without_detect_secrets_it_says_what_to_install_and_the_plain_rules_go_on(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "detect_secrets"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "detect_secrets", None)
    secrets._detectors.cache_clear()
    with pytest.raises(OptionalDependencyError, match="pip install 'detect-secrets'"):
        secrets_in("a text")
    assert plain_secrets_in(f"card {VISA}") == ["card number"]
    monkeypatch.undo()
    importlib.import_module("detect_secrets")
    assert secrets_in(f"card {VISA}") == ["card number"]
