"""Kafka and whatever speaks its protocol."""
