"""Facts in and out of the ledger; nothing else imports eventsourcing."""
