"""NATS JetStream, one server or a cluster."""
