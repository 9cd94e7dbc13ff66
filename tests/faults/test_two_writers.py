"""Two processes with a JVM each write one table at once: no commit and no row is lost."""

import subprocess
import sys
from pathlib import Path

from lakehouse.arrow import ArrowTables
from lakehouse.settings import PROJECT
from lakehouse.tables.gold import CHEAPEST_HOURS_RUNS
