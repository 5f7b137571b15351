"""Work on the parts of a data set, here, in worker processes or through any executor, in bounded memory.

The whole is anything with a length and slices, and the work a picklable callable: ``work(part) -> rows``, a row for
each of the part's first items. Items that have no row yet are given out again, so that work which looks at
``time_is_up()`` between two items makes parts of about a second, whatever the items are.

    run.py      ``run``: the rows of all parts            queue.py   what is left to do, cut into parts
    job.py      a piece of work through an executor       worker.py  what goes on in a worker
    pool.py     processes of our own
"""

from cocoseg.parallel.run import run
from cocoseg.parallel.worker import TimeExceeded, limited, stopping, time_is_up, tune_memory

__all__ = ["TimeExceeded", "limited", "run", "stopping", "time_is_up", "tune_memory"]
