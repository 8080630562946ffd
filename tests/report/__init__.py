"""Tests of tables, frames and figures."""
