"""One file a question; each prints a table. Times and speeds belong here, never in a test."""
