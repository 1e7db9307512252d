"""What people are told: an assignment, an approval that is wanted, news of models they follow."""
