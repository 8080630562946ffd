"""Checks of a plan, one file each where the parent's file has not all of them."""
