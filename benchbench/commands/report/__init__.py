"""`bench report`: what a page needs of a comparison, gathered when it is compared, and the pages made from it."""
