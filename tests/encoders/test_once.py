import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from medcutmix_cli.encoders.once import OnceTable


def test_threads_that_ask_together_get_the_one_that_was_made():
    kept, made = OnceTable(), []

    def make():
        time.sleep(0.02)
        made.append(threading.get_ident())
        return object()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: kept.get("model", make), range(8)))
    assert len(made) == 1
    assert all(one is found[0] for one in found)


def test_keys_are_kept_apart_and_what_failed_may_be_tried_again():
    kept = OnceTable()
    with pytest.raises(ZeroDivisionError, match="division"):
        kept.get("a", lambda: 1 / 0)
    assert (kept.get("a", lambda: 1), kept.get("b", lambda: 2), kept.get("a", lambda: 3)) == (1, 2, 1)
