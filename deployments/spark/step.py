"""What spark-submit starts: a step of a run, named as JSON (flows/job.py).

In a folder of its own: Python looks for modules beside the file that it starts.
"""

import sys

from flows.job import ended, main

ended(main(sys.argv[1:]))
