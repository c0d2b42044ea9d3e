INSERT INTO claims (registration, line, program, customer, territory, value_amount, value_currency, managers)
VALUES (%(registration)s, %(line)s, %(_program)s, %(customer)s, %(scope)s::jsonb ->> 'territory',
        (%(value)s::jsonb ->> 'amount')::numeric, %(value)s::jsonb ->> 'currency', %(managers)s)
ON CONFLICT (registration, line) DO UPDATE SET customer = excluded.customer, territory = excluded.territory,
    value_amount = excluded.value_amount, value_currency = excluded.value_currency, managers = excluded.managers
