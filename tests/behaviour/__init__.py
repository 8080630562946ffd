"""What methods are known for, tried on the toy setting."""
