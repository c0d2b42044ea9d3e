"""Another system's history in bulk: files of partners, customers, opportunities and registrations, with their own past dates."""
