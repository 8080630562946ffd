"""One module per verb: parse, call one function, print. Nothing here imports torch before a verb needs it."""
