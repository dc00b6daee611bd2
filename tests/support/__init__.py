"""What tests stand on: a real PostgreSQL server, the program as a process of its own."""
