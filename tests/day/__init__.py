"""A day of mixed traffic: five kinds of CRM that live through a day, and what they tell of it, in disorder and with poison."""
