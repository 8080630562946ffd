"""Nash-MD as a regression: the loss of EGPO, with win rates against a mixture."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(
    names=("egpo",),
    columns={"win_against_mixture": ("p_chosen_vs_third", "p_rejected_vs_third")},
)
