"""Seeds of requests."""

from __future__ import annotations

from benchbench.generation.seeds import make_requests, request_seed


def test_a_seed_depends_on_seed_prompt_and_sample_and_on_nothing_else():
    seeds = {request_seed(seed, example, sample) for seed in (1, 2) for example in ("a", "b") for sample in (0, 1)}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert request_seed(1, "a", 0) == request_seed(1, "a", 0) == 8508943696288509325


def test_ids_and_samples_do_not_run_into_each_other():
    assert request_seed(1, "a 1", 0) != request_seed(1, "a", 10)


def test_every_prompt_gets_its_samples_whatever_stands_beside_it():
    alone = make_requests({"b": [3, 4]}, seed=5, samples=2)
    together = make_requests({"a": [2], "b": [3, 4]}, seed=5, samples=2)
    assert together[2:] == alone
    assert [(r.example, r.sample, r.prompt) for r in alone] == [("b", 0, (3, 4)), ("b", 1, (3, 4))]
    assert len({r.seed for r in together}) == 4


def test_a_second_turn_has_draws_of_its_own_and_the_first_keeps_its_own():
    """Else both turns are drawn with the same uniform numbers, token for token."""
    first, second = (make_requests({"a": [2], "b": [3]}, seed=5, samples=2, turn=turn) for turn in (1, 2))
    assert first == make_requests({"a": [2], "b": [3]}, seed=5, samples=2)
    assert len({r.seed for r in (*first, *second)}) == 8
    assert request_seed(1, "a", 0, turn=2) == 4718928369931571446
