"""What stages need before they run: operations, memory, time and money, from shapes alone; no torch."""
