"""What the templates show, out of what was read: pure."""
