"""Jinja templates: parsed with Jinja's own parser, read as a tree, never rendered.

Chat templates travel in GGUF metadata, in ``tokenizer_config.json``, in ``chat_template.json`` and
as ``.jinja`` files. A loader without a sandbox gives whoever wrote one the whole process
(CVE-2024-34359, CVE-2026-5760); any loader lets one put words into a conversation.
"""
