//! The real engine behind the server.
