"""Fuzzes OSV records: ``python tests/fuzz/fuzz_osv_records.py -max_total_time=10``."""

from __future__ import annotations

import json

from harness import OneInput, start


def seeds() -> list[bytes]:
    """Records with everything that is looked at, in JSON and YAML."""
    commit = "a" * 40
    affected = {
        "package": {"ecosystem": "PyPI", "name": "a", "purl": "pkg:pypi/a"},
        "versions": ["1.0", "1.0+b", "x"],
        "ranges": [
            {"type": "GIT", "repo": "https://b/c", "events": [{"introduced": commit}]},
            {
                "type": "ECOSYSTEM",
                "events": [{"introduced": "0"}, {"fixed": "2"}, {"last_affected": "1"}],
            },
        ],
        "severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A"}],
    }
    record = {
        "schema_version": "1.7.0",
        "id": "CVE-2030-1",
        "modified": "2030-01-02T03:04:05.1Z",
        "withdrawn": None,
        "aliases": ["GHSA-a"],
        "details": "A heap buffer overflow in torch.load",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"}],
        "affected": [affected],
        "database_specific": {"cwe_ids": ["CWE-502"], "model_format": "keras", "severity": "LOW"},
    }
    yaml = b"id: PYSEC-1\nmodified: 2030-01-02T03:04:05Z\naffected: &a\n- versions: ['1']\nb: *a\n"
    return [json.dumps(record).encode(), yaml]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.libraries.assessing import assess
    from weighbridge.libraries.entries import Entry
    from weighbridge.libraries.records import Refused, checked
    from weighbridge.libraries.versions import fixes_for, in_ranges, key, keys_of

    def one_input(data: bytes) -> None:
        for name in ("a.json", "a.yaml"):
            try:
                record = checked(Entry(name, data).value())
            except Refused:
                continue
            assess(record)
            json.dumps(record.body)
            for affected in record.affected:
                for version in ("1.0", "1.0rc1+b", *affected.versions[:20]):
                    in_ranges(version, affected.ranges)
                    fixes_for(version, affected.ranges)
                    keys_of(version)
                    key(version)

    return one_input


if __name__ == "__main__":
    start(seeds, target)
