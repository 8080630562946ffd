"""Stage kind `preference`: a method's loss on the policy that SFT left."""
