"""What platforms wrap around the lines of applications, undone; one module for each way of wrapping."""
