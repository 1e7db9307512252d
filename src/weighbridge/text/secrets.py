"""Masks credentials in text before it becomes a fact.

Patterns by issuer come from detect-secrets; Hugging Face's token form is added here, because a
model's evidence is where it turns up. Detectors that guess from entropy or keywords are left out:
they would hide evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
        yield from detector.analyze_string(text)


def mask(text: str) -> str:
    """Return `text` with every recognised credential shortened to its first four characters."""
    if len(text) < 20 or _CANDIDATE.search(text) is None:
        return text
    for secret in {secret for secret in _found(text) if len(secret) >= 8}:
        text = text.replace(secret, f"{secret[:4]}…[masked]")
    return text
