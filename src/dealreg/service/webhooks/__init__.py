"""The door for sources that post: whose signature it is, and on to the broker."""
