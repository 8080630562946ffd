"""Stages: inputs -> one artefact folder, finished or resumable."""
