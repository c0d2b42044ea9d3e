"""`dealreg audit verify` over a database that nobody attacked, and what each of its checks finds when it is broken."""


def test_a_database_that_nobody_touched_is_sound(original):
    with original.copy() as copy:
        report = original.verified(copy, original.early, original.newest, original.folder / "witness", models=True)
    assert report.findings == []
    assert report.sound
