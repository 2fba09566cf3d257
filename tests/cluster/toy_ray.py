"""Run medcutmix on Ray with the toy encoder, in its actors too: python -m tests.cluster.toy_ray ARGUMENTS."""

from medcutmix_cli.cluster import ray_workers
from medcutmix_cli.cluster.ray_actor import CallResult, ShardActor
from medcutmix_cli.main import main
from tests.toy_encoder import ToyEncoder, use_encoder


class ToyActor(ShardActor):
    """Looks at pictures with the toy."""

    def open(self) -> CallResult:
        """Build the renderer."""
        use_encoder(setattr, lambda _settings: ToyEncoder())
        return super().open()


if __name__ == "__main__":
    from tests.cluster import toy_ray  # by its name, so that actors find it as well

    ray_workers.ShardActor = toy_ray.ToyActor
    use_encoder(setattr, lambda _settings: ToyEncoder())
    main()
