"""Issues advisories until told enough of them, whatever becomes of the database meanwhile.

``python issuing.py COUNT``, as a process of its own that can be killed.
"""

from __future__ import annotations

import os
import sys
import time

import django

PAUSE_S = 0.02


def main(count: int) -> None:
    """Reserve `count` advisories about packages of this process's own."""
    django.setup()
    from django.db import DatabaseError, connection

    from weighbridge.platform.accounts.models import User
    from weighbridge.platform.advisories.services import Opening, reserve_ws

    issued = 0
    while issued < count:
        try:
            user = User.objects.get(username="issuer")
            package = f"package-{os.getpid()}-{issued}"
            reserve_ws(
                user, Opening("It trusts its input", "Why.", package=package, versions=("1",))
            )
            issued += 1
        except DatabaseError:
            connection.close()
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(int(sys.argv[1]))
