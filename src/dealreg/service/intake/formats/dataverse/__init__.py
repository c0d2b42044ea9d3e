"""Microsoft Dataverse: what Dynamics 365 posts of its records, and the records as its Web API returns them."""
