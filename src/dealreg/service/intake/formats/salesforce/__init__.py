"""Salesforce: Change Data Capture, and records as its REST API returns them."""
