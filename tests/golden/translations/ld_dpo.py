"""LD-DPO: one case is a defect of an older library."""

from __future__ import annotations

from ..translation import Translation

TRANSLATION = Translation(
    left_out={"ld_dpo.B.policy_only": "alpha on the policy alone, a defect of TRL up to 0.28 that we do not reproduce"}
)
