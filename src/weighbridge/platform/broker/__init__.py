"""RabbitMQ as the way in which workers hear of work; the database stays the truth."""
