"""Tests of the stages, run one by one in this process."""
