"""Rules about whole repositories: which code a loader reaches, and what that code does."""
