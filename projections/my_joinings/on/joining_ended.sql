DELETE FROM my_joinings WHERE joining = %(joining)s
