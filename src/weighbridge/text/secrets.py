"""Masks credentials in text before it becomes a fact.

Patterns by issuer come from detect-secrets; Hugging Face's token form is added here, because a
model's evidence is where it turns up. Detectors that guess from entropy or keywords are left out:
they would hide evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

# Nothing shorter than this is masked, so most text never loads the detectors.
# The look-behind has each run of characters tried once, from its beginning.
_RUN = r"[A-Za-z0-9_\-+/=]"
_CANDIDATE = re.compile(rf"(?<!{_RUN})(?={_RUN}*\d){_RUN}{{20,}}|-----BEGIN")
# https://huggingface.co/docs/hub/security-tokens: "hf_" and 34 letters or digits.
_HUGGING_FACE = re.compile(r"\bhf_[A-Za-z0-9]{34}\b")
_PLUGINS = (
    "aws.AWSKeyDetector",
    "azure_storage_key.AzureStorageKeyDetector",
    "discord.DiscordBotTokenDetector",
    "github_token.GitHubTokenDetector",
    "gitlab_token.GitLabTokenDetector",
    "jwt.JwtTokenDetector",
    "mailchimp.MailchimpDetector",
    "npm.NpmDetector",
    "openai.OpenAIDetector",
    "private_key.PrivateKeyDetector",
    "pypi_token.PypiTokenDetector",
    "sendgrid.SendGridDetector",
    "slack.SlackDetector",
    "square_oauth.SquareOAuthDetector",
    "stripe.StripeDetector",
    "telegram_token.TelegramBotTokenDetector",
    "twilio.TwilioKeyDetector",
)


@cache
def _detectors() -> tuple[Any, ...]:
    from importlib import import_module

    found = []
    for plugin in _PLUGINS:
        module, name = plugin.split(".")
        found.append(getattr(import_module(f"detect_secrets.plugins.{module}"), name)())
    return tuple(found)


def _found(text: str) -> Iterator[str]:
    yield from _HUGGING_FACE.findall(text)
    for detector in _detectors():
        yield from _by(detector, text)


def _by(detector: Any, text: str) -> Iterator[str]:
    """Yield what a detector finds: the part that its pattern marks, if that is long enough.

    Some patterns mark nothing but the prefix of a token, and then all of it is the secret.
    """
    for pattern in detector.denylist:
        for match in pattern.finditer(text):
            marked = max((part or "" for part in match.groups()), key=len, default="")
            yield marked if len(marked) >= 16 else match[0]


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential found in a text, fit to be shown."""

    line: int
    issuer: str
    masked: str


# Formats that are specific enough to be reported, and not only masked: with a prefix of the issuer.
_REPORTED = {
    "aws.AWSKeyDetector": ("Amazon Web Services", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    "github_token.GitHubTokenDetector": ("GitHub", None),
    "gitlab_token.GitLabTokenDetector": ("GitLab", None),
    "npm.NpmDetector": ("npm", None),
    "openai.OpenAIDetector": ("OpenAI", None),
    "pypi_token.PypiTokenDetector": ("PyPI", None),
    "sendgrid.SendGridDetector": ("SendGrid", None),
    "slack.SlackDetector": ("Slack", None),
    "stripe.StripeDetector": ("Stripe", None),
}
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----(?:\\n|\s){1,4}[A-Za-z0-9+/=]{40}"
)
_PLACEHOLDER = re.compile(r"(?i)example|x{5}|your|(.)\1{5}|1234567|abcdef|token_?here|\.\.\.|<|\*")
_FEWEST_KINDS = 10
_LONGEST_LINE = 20_000


def credentials(text: str) -> Iterator[Credential]:
    """Yield the credentials in a text whose format names their issuer; no placeholders."""
    if _CANDIDATE.search(text) is None:
        return
    seen: set[str] = set()
    for key in _PRIVATE_KEY.finditer(text):
        yield Credential(text.count("\n", 0, key.start()) + 1, "private key", "-----BEGIN…[masked]")
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _LONGEST_LINE or _CANDIDATE.search(line) is None:
            continue
        for issuer, secret in _issued(line):
            if secret not in seen and _is_real(secret):
                seen.add(secret)
                yield Credential(number, issuer, f"{secret[:4]}…[masked]")


def _issued(line: str) -> Iterator[tuple[str, str]]:
    for secret in _HUGGING_FACE.findall(line):
        yield "Hugging Face", secret
    for plugin, detector in zip(_PLUGINS, _detectors(), strict=True):
        issuer, pattern = _REPORTED.get(plugin, ("", None))
        if issuer:
            found = pattern.findall(line) if pattern is not None else _by(detector, line)
            for secret in found:
                if len(secret) >= 16:
                    yield issuer, secret


def _is_real(secret: str) -> bool:
    """Say whether characters are as mixed as in what a machine made up."""
    return _PLACEHOLDER.search(secret) is None and len(set(secret)) >= _FEWEST_KINDS


def mask(text: str) -> str:
    """Return `text` with every recognised credential shortened to its first four characters."""
    if len(text) < 20 or _CANDIDATE.search(text) is None:
        return text
    for secret in {secret for secret in _found(text) if len(secret) >= 8}:
        text = text.replace(secret, f"{secret[:4]}…[masked]")
    return text
