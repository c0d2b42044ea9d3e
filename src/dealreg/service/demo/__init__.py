"""The shipped program, told through the real broker, the real intake and the real decisions."""
