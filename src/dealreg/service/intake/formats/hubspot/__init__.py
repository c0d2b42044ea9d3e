"""HubSpot's webhooks, and its records as the CRM API returns them."""
