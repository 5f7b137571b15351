"""Work on the parts of a data set, here, in worker processes or through any executor, in bounded memory.

The whole is anything with a length and slices, and the work a picklable callable: ``work(part) -> rows``, with a row
for each of the part's first items. Items without a row are handed out again, so work that checks ``time_is_up()``
between items makes parts of about a second, whatever the items are.

    run.py      ``run``: the rows of all parts            queue.py   the items left to do, cut into parts
    job.py      a piece of work through an executor       worker.py  time limits and the end of a worker
    pool.py     worker processes
"""

from cocoseg.parallel.run import run
from cocoseg.parallel.worker import TimeExceeded, limited, stopping, time_is_up, tune_memory

__all__ = ["TimeExceeded", "limited", "run", "stopping", "time_is_up", "tune_memory"]
