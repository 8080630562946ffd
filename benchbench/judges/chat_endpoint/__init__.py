"""Exhibit `chat_endpoint`: a language model behind an OpenAI-compatible endpoint."""

from benchbench.judges.chat_endpoint.judge import JUDGE

__all__ = ["JUDGE"]
