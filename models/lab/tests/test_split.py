"""Training and measuring share no combination of the five attributes."""
from lab.attributes import ATTRIBUTES
from lab.dataset import draw_request
from lab.layout import arrange
from lab.split import held_out, held_out_combinations


def test_a_tenth_is_held_out() -> None:
    assert 150 <= len(held_out_combinations()) <= 240


def test_training_draws_none_of_it_even_by_default_values_or_by_leaving_out() -> None:
    for kind in ("plain", "left-out"):
        for seed in range(300):
            request, z, without, _ = draw_request(seed, kind)
            assert bool(without) == (kind == "left-out")
            assert not held_out(arrange(request, z, without).attributes)


def test_measuring_draws_nothing_else_and_names_everything() -> None:
    for seed in range(100):
        request, z, without, _ = draw_request(seed, kind="held-out")
        assert held_out(arrange(request, z).attributes) and not without
        assert {name for name, _ in request.named} == set(ATTRIBUTES)
