"""`python -m proctor_models.cli`: the same as `proctor`."""

import sys

from proctor_models.cli import main

sys.exit(main())
