"""Run medcutmix with Ray actors that end themselves at shard 1: python -m tests.cluster.deadly_ray ARGUMENTS."""

import os
import signal

from medcutmix_cli.cluster import ray_workers
from medcutmix_cli.cluster.ray_actor import CallResult, ShardActor
from medcutmix_cli.main import main


class DeadlyActor(ShardActor):
    """Is killed by shard 1, whatever the machine."""

    def render(self, shard: int) -> CallResult:
        if shard == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().render(shard)


if __name__ == "__main__":
    from tests.cluster import deadly_ray  # by its name, so that actors find it as well

    ray_workers.ShardActor = deadly_ray.DeadlyActor
    main()
