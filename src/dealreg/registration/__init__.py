"""A partner's claim on an opportunity: what has happened to it, what may be asked of it, what follows."""
