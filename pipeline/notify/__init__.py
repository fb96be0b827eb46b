"""Messages: composed from decisions, rendered as mail and webhook bodies, and sent."""
