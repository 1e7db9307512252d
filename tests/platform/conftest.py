"""Django for the tests of the platform: skipped where the extra is not installed.

SQLite by default, in a file and with the settings of the embedded default. PostgreSQL when
WEIGHBRIDGE_TEST_DATABASE_URL names a server; the database made there is removed afterwards.
"""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

INSTALLED = all(find_spec(name) for name in ("django", "ninja", "axes", "pytest_django"))
collect_ignore_glob = [] if INSTALLED else ["*"]

if INSTALLED:
    DATA = Path(tempfile.mkdtemp(prefix="weighbridge-tests-"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "weighbridge.platform.settings"
    os.environ["WEIGHBRIDGE_DATA"] = str(DATA)
    os.environ["WEIGHBRIDGE_LOG_LEVEL"] = "WARNING"
    os.environ["WEIGHBRIDGE_THROTTLE"] = "0"
    # No test asks a real hub, even by mistake.
    os.environ["HF_ENDPOINT"] = os.environ["WEIGHBRIDGE_KAGGLE_ENDPOINT"] = "http://127.0.0.1:9"
    if address := os.environ.get("WEIGHBRIDGE_TEST_DATABASE_URL"):
        os.environ["WEIGHBRIDGE_DATABASE_URL"] = address

    import django
    from django.conf import settings

    own_name = f"weighbridge_test_{os.getpid()}"
    database = settings.DATABASES["default"]
    database["TEST"] = {"NAME": own_name if address else str(DATA / f"{own_name}.sqlite3")}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django.setup()

    from unguarded import let_tests_flush

    let_tests_flush()
