"""Newcomers' first hours, end to end; one small trained comparison serves all of them, a reviewer needs none.

Other journeys are walked where their pages are tested: a lab's CI in tests/docs/test_ci_page.py, a contributor's method
in tests/docs/test_add_a_method.py.
"""
