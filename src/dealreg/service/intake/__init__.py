"""What the CRM says, from the broker into commands, once each."""
