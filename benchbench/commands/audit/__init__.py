"""`bench audit`: what is in the data of a recipe, and whether its seeds are different runs."""
