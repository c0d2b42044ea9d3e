-- May touch no row: a dealer that its distributor brought was not asked by itself
DELETE FROM my_joinings WHERE joining = %(joining)s
