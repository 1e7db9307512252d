"""Lets `python -m evals` run the evaluation."""

import sys

from evals.run import main

sys.exit(main())
