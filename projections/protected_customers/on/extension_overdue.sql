-- Shown to those who are to decide (ROE-15, ROE-13).
UPDATE protected_customers SET overdue_since = %(overdue_at)s WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
