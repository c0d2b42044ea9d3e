-- What is added to the registration later goes by the legs that run now.
UPDATE registrations SET lines = %(lines)s WHERE registration = %(registration)s
