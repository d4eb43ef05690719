"""Messages to people: e-mail and SMS, from a queue in the database."""
