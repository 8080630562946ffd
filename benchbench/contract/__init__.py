"""What every loss promises the training loop, as checks of a method: built in, installed, or of a user's file."""
