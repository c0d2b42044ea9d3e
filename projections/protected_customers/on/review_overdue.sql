-- Shown to those who are to decide (ROE-15).
UPDATE protected_customers SET overdue_since = %(overdue_at)s WHERE registration = %(registration)s AND line = %(line)s
