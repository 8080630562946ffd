"""Tests of the house: import contracts, modules, rooms."""
