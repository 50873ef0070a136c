"""Training and measuring share no combination of the five attributes."""
from lab.captions import Request
from lab.dataset import draw_request
from lab.layout import arrange
from lab.split import held_out, held_out_combinations


def test_a_tenth_is_held_out() -> None:
    assert 150 <= len(held_out_combinations()) <= 240


def test_training_draws_none_of_it_even_by_default_values() -> None:
    for seed in range(400):
        _, _, layout, _ = draw_request(seed, unseen=False)
        assert not held_out(layout.attributes)


def test_measuring_draws_nothing_else_and_names_everything() -> None:
    for seed in range(100):
        request, z, layout, _ = draw_request(seed, unseen=True)
        assert held_out(layout.attributes)
        assert len(request.named) == 5
        assert arrange(Request(request.named, request.wishes), z).attributes == layout.attributes
