"""Passwords, keys and card numbers in a text that is about to enter the history: which kinds, never the secret itself.

Two sets of rules. Keys of some twenty providers, tokens and quoted assignments are known by detect-secrets (Apache-2.0), whose plugins
are asked line by line, as that package asks them; its settings, its filters and its verification, which would use the network, are not
touched. What it lacks is here: card numbers, keys as whole blocks, passwords in addresses, passwords told in words, newer tokens.

Left out of detect-secrets: both entropy plugins, which call any long name or hash a secret; public IP addresses, which are no secret
and look like version numbers; private keys and passwords in addresses, which the rules here find too without taking a mention of
"BEGIN PRIVATE KEY", or `user:password@host` in an instruction, for one.

Without detect-secrets `secrets_in` raises, because half a check must not look like a whole one; a caller who would rather go on
with the rules that need no package says so by calling `plain_secrets_in`.

Not found: a password of letters alone told in a sentence ("my password is swordfish"), or one of several words; a secret that no rule
knows the form of; a word for password that is not listed ("pw", one in another language); bank accounts (IBAN) and other numbers of
identity; and card numbers of two different digits, which stand in examples. Of 50,224 texts by 5 groups of authors (blogs, commits,
letters, proposals and changes), the rules call none a secret that is none: see tests/test_secrets.py.
"""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from rpo_edge.errors import OptionalDependencyError


def secrets_in(text: str) -> list[str]:
    """Kinds of secrets that a text seems to hold, sorted, each once. Raises OptionalDependencyError without detect-secrets."""
    return sorted({*_known_in(text), *plain_secrets_in(text)})


def plain_secrets_in(text: str) -> list[str]:
    """As `secrets_in`, by the rules that need no package."""
    folded = text.casefold()
    return sorted(rule.kind for rule in _OWN if any(need in folded for need in rule.needs) and rule.found(text))


def why_left_out(text: str) -> str | None:
    """What a user is told of a text that is not stored for a secret in it; None for any other text. Raises as `secrets_in`."""
    kinds = secrets_in(text)
    return f"with a secret ({kinds[0]})" if kinds else None


@dataclass(frozen=True, slots=True)
class _Plugin:
    """A detector, and what a line must have in folded case for it to find anything: one of `needs`.

    needs: read off the plugin's patterns. Asking for them first makes a long import quick and changes no result. None has an "i",
    because re.IGNORECASE takes the Turkish dotted and dotless i for one, and folded case does not. slow: whether its patterns take
    the cube of a word's length; names of variables are never so long, so of a long word the end will do.
    """

    module: str
    name: str
    needs: tuple[str, ...]
    slow: bool = False


_ASSIGNED = ("key", "pwd", "pw", "pass", "token")
_PLUGINS = (
    _Plugin("artifactory", "ArtifactoryDetector", ("akc", "ap")),
    _Plugin("aws", "AWSKeyDetector", ("a3t", "ab", "acca", "ak", "as", "aws")),
    _Plugin("azure_storage_key", "AzureStorageKeyDetector", ("accountkey=",)),
    _Plugin("cloudant", "CloudantDetector", (*_ASSIGNED, "cloudant.com")),
    _Plugin("discord", "DiscordBotTokenDetector", (".",)),
    _Plugin("github_token", "GitHubTokenDetector", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    _Plugin("gitlab_token", "GitLabTokenDetector", ("gl", "gr1348941")),
    _Plugin("ibm_cloud_iam", "IbmCloudIamDetector", _ASSIGNED),
    _Plugin("ibm_cos_hmac", "IbmCosHmacDetector", ("secret",)),
    _Plugin("jwt", "JwtTokenDetector", ("eyj",)),
    _Plugin("keyword", "KeywordDetector", ("key", "pass", "pwd", "secret", "contrase"), slow=True),
    _Plugin("mailchimp", "MailchimpDetector", ("-us",)),
    _Plugin("npm", "NpmDetector", ("_authtoken",)),
    _Plugin("openai", "OpenAIDetector", ("t3blbkfj",)),
    _Plugin("pypi_token", "PypiTokenDetector", ("pyp",)),
    _Plugin("sendgrid", "SendGridDetector", ("sg.",)),
    _Plugin("slack", "SlackDetector", ("xox", "hooks.slack")),
    _Plugin("softlayer", "SoftlayerDetector", (*_ASSIGNED, "softlayer")),
    _Plugin("square_oauth", "SquareOAuthDetector", ("sq0csp-",)),
    _Plugin("stripe", "StripeDetector", ("k_l",)),
    _Plugin("telegram_token", "TelegramBotTokenDetector", (":",)),
    _Plugin("twilio", "TwilioKeyDetector", ("ac", "sk")),
)

_PIECE, _OVERLAP = 12_000, 4_000  # characters; a token of up to the overlap is whole in one piece
_LONG_WORD = re.compile(r"\w{60,}(\w{40})")


def _known_in(text: str) -> Iterator[str]:
    detectors = _detectors()
    for piece in (piece for line in text.splitlines() for piece in _pieces(line)):
        folded = piece.casefold()
        for plugin, detector in detectors:
            if any(need in folded for need in plugin.needs) and _finds(plugin, detector, piece):
                yield str(detector.secret_type)


def _pieces(line: str) -> Iterator[str]:
    """A line as a whole, or of a very long one pieces that overlap: some patterns take the square of a line's length."""
    for start in range(0, max(len(line) - _OVERLAP, 1), _PIECE - _OVERLAP):
        yield line[start : start + _PIECE]


def _finds(plugin: _Plugin, detector: Any, line: str) -> bool:
    """Whether a detector finds in a line what is no placeholder, and no words: `"secret": "the butter is browned"`."""
    shortened = _LONG_WORD.sub(r"\1", line) if plugin.slow else line
    return any(not _is_placeholder(found) and not re.search(r"\s", found.strip()) for found in detector.analyze_string(shortened))


@cache
def _detectors() -> tuple[tuple[_Plugin, Any], ...]:
    """Rows of the table with what they name. Raises OptionalDependencyError without detect-secrets."""
    try:
        with _no_socket():
            return tuple((one, getattr(import_module(f"detect_secrets.plugins.{one.module}"), one.name)()) for one in _PLUGINS)
    except ImportError as error:
        raise OptionalDependencyError("detect-secrets") from error


@contextmanager
def _no_socket() -> Iterator[None]:
    """detect-secrets imports requests, for verification, and with it urllib3, which binds a socket at once to see whether there is IPv6.

    Nothing of rpo-edge opens an internet socket, so it is kept from looking, and told afterwards what it would have assumed.
    """
    if "urllib3.util.connection" in sys.modules or not socket.has_ipv6:
        yield
        return
    socket.has_ipv6 = False
    try:
        yield
    finally:
        socket.has_ipv6 = True
        connection: Any = sys.modules.get("urllib3.util.connection")
        if connection:
            connection.HAS_IPV6 = True


_PLACEHOLDER = re.compile(
    r"""[<\[{$%(&].* | .*[({\[].* | (.)\1*[.…]* | .*(?:example|placeholder|changeme|redacted).*
      | (?:my|your|the|new|old|test|db|some)?[-_]? (?:pass(?:word|wd|phrase|code)?|pwd?|secret|token|key|api[-_]?key|user(?:name)?)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def _is_placeholder(value: str) -> bool:
    """Whether a value stands for one that is not there: `<password>`, `${KEY}`, `****`, `your_token`, or what code would compute."""
    return _PLACEHOLDER.fullmatch(value.strip("\"'`")) is not None


# Issuers by the first digits of a card, with the lengths of its numbers (ISO/IEC 7812; the ranges as the issuers publish them).
_ISSUERS = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("300", "305", (14,)),  # Diners Club
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("6011", "6011", (16, 19)),  # Discover
    ("644", "659", (16, 19)),
    ("3528", "3589", (16, 19)),  # JCB
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
)
# Digits in a row, or in groups of one separator the first of which has four, as cards show them; no part of a longer number or an address.
_CARD = re.compile(r"(?<![\w.,:/+=@#-])(?:[0-9]{13,19}|[0-9]{4}([ \u00a0-])[0-9]{3,6}(?:\1[0-9]{3,6}){1,3})(?![\w/@]|[.,:-][0-9])")


def _has_card(text: str) -> bool:
    return any(_is_card(re.sub(r"[^0-9]", "", match[0])) for match in _CARD.finditer(text))


def _is_card(number: str) -> bool:
    known = any(low <= number[: len(low)] <= high and len(number) in lengths for low, high, lengths in _ISSUERS)
    return known and _luhn(number) and len(set(number)) > 2


def _luhn(number: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B: every second digit from the right counts double, digits of the sum added."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n|>)*[A-Za-z0-9+/=]{16}"
    r"|-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----\s*(?:[A-Z][A-Za-z-]{2,20}: [^\n]*\n\s*)+[A-Za-z0-9+/=]{16}"
    r"|PuTTY-User-Key-File-[1-9]: \S|AGE-SECRET-KEY-1[0-9A-Z]{30}"
)

_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/?#@:\"'<>]{0,100}:([^\s/?#@\"'<>]{1,200})@[\w\[]")


def _has_password_in_address(text: str) -> bool:
    return any(not _is_placeholder(match[1]) for match in _ADDRESS.finditer(text))


_TOKEN = re.compile(r"\b(?:github_pat_\w{30}|AIza[\w-]{35}|sk-ant-[\w-]{30}|sk-proj-[\w-]{40}|hf_[A-Za-z]{34}|ya29\.[\w-]{40})")
"""Of GitHub (fine-grained), Google (keys and OAuth), Anthropic, OpenAI (projects) and Hugging Face, as their documentation shows them."""

_WORDS = "passwords?|passwd|passphrase|passcode|pwd|passwort|kennwort|contraseña|mot de passe|wachtwoord|senha"
_TOLD = re.compile(
    rf"""\b(?:{_WORDS})\b ["'`*_]{{0,3}} (?:[ ](?:for|to|of|on)[ ][^\n:=.!?]{{1,40}}?)?
      (?: [ ]?(?P<mark>[:=]) [*_]{{0,3}} (?:[ ]{{0,4}}|[ ]?\n[ ]?) | [ ](?:is|was|ist|est|es)[ ](?:(?:now|still|jetzt)[ ])? )
      ["'`*]{{0,3}} (?P<value>[^\s"'`]{{4,64}}) (?P<end>["'`]?[ ]*(?:$|[.,;!?)]))?""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_MIXED = re.compile(r"(?=.*[^\W\d_])(?=.*\d).{6,}|.*\w[!@#$%^&*+=~?|\\]+\w.*")
_TECHNICAL = re.compile(r"(?:sha|md|utf|base|scrypt|bcrypt|argon|pbkdf|aes|rsa|rfc|v)[-_]?\d.*|\d+(?:-\w+|\+|[kmg]?b(?:ytes?|its?)?|chars?)|https?:.*", re.IGNORECASE)  # fmt: skip
_DESCRIBED = re.compile(
    r"required|optional|strings?|hidden|masked|(?:un)?changed|(?:in)?correct|invalid|missing|wrong|default|unknown|forgotten|disabled|enabled"
    r"|encrypted|protected|stored|hashed|varchar|boolean|integer|nothing|anything|something|whatever|expired|reset",
    re.IGNORECASE,
)


def _tells_password(text: str) -> bool:
    return any(_is_told(match) for match in _TOLD.finditer(text))


def _is_told(match: re.Match[str]) -> bool:
    """Whether what follows "password" is one: letters with digits or signs among them, digits alone,
    or after a colon the line's only word.
    """
    value = match["value"].rstrip(".,;:!?)*_")
    if _is_placeholder(value) or _TECHNICAL.fullmatch(value) or _DESCRIBED.fullmatch(value):
        return False
    if value.isdecimal():
        return len(value) >= (6 if match["end"] is None else 4)
    alone = bool(match["mark"]) and value.isalpha() and len(value) >= 6 and match.end() in _line_ends(match)
    return alone or _MIXED.fullmatch(value) is not None


def _line_ends(match: re.Match[str]) -> range:
    """Where a match may end to be the last of its line, full stop or not."""
    end = match.string.find("\n", match.end())
    end = len(match.string) if end < 0 else end
    return range(end, end + 1)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of this file; needs: as `_Plugin` has it, of the whole text."""

    kind: str
    needs: tuple[str, ...]
    found: Callable[[str], bool]


_OWN = (
    _Rule("access token", ("github_pat_", "aiza", "sk-", "hf_", "ya29."), lambda text: _TOKEN.search(text) is not None),
    _Rule("card number", tuple("23456"), _has_card),
    _Rule("password", tuple(word.removesuffix("s?").casefold() for word in _WORDS.split("|")), _tells_password),
    _Rule("password in an address", ("://",), _has_password_in_address),
    _Rule("private key", ("private key", "putty-user-key", "age-secret-key"), lambda text: _KEY_BLOCK.search(text) is not None),
)
