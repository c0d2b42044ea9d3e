-- A person asks for more.
UPDATE protected_customers SET asked = %(reason)s, answer_by = %(answer_by)s WHERE registration = %(registration)s
