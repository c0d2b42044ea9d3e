"""Who changes what nobody may change is seen within seconds, in the server's own log of changes (audit 4.5, requirement 20)."""
