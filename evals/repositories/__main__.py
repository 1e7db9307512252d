"""Lets `python -m evals.repositories` run the evaluation of whole repositories."""

import sys

from evals.repositories.run import main

sys.exit(main())
