"""What every simulated vendor has: a courier for webhooks, faults, a journal of calls."""
