import pickle

from medcutmix_cli.loader.epoch_state import EpochState


def test_what_is_told_is_shared_and_a_copy_has_its_own():
    state = EpochState(1, 2)
    copy = pickle.loads(pickle.dumps(state))  # noqa: S301 - our own
    copy.tell(5, 6)
    assert (state.values(), copy.values()) == ((1, 2), (5, 6))
    assert copy.is_shared()
