"""`bench report`: from finished cells to a page."""
