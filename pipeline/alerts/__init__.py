"""What is new for which alert, and why: pure rules over what is known of articles and stories."""
