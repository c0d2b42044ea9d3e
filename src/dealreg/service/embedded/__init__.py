"""PostgreSQL and NATS from their wheels, started, watched and stopped."""
