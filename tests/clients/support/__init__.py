"""What the client tests stand on: processes, clouds, servers, and the clients themselves."""
